"""The text of the undertaking that a new installation starts with; afterwards it is the unit's to edit."""

from __future__ import annotations

FIRST_TR = """\
Kamera İzleme Birimindeki görevim nedeniyle öğrendiğim görüntü, bilgi, belge ve kayıtları gizli tutacağımı; \
bunları yalnızca görevimin gerektirdiği ölçüde göreceğimi ve kullanacağımı taahhüt ederim.

1. Kamera görüntülerini, talep dosyalarını ve kişisel verileri yetkili makamın yazılı kararı olmadan kimseye \
vermeyeceğimi, göstermeyeceğimi, anlatmayacağımı; ekranın fotoğrafını veya videosunu çekmeyeceğimi,
2. Görevimle ilgisi olmayan dosya ve görüntüleri açmayacağımı; kendimle veya yakınlarımla ilgili bir dosyada \
işlem yapmayıp durumu bildireceğimi,
3. Kullanıcı adımı ve şifremi kimseyle paylaşmayacağımı, oturumumu açık bırakmayacağımı,
4. Yaptığım her görüntülemenin ve işlemin kayıt altına alındığını ve amirime raporlandığını bildiğimi,
5. Bir ihlali veya ihlal şüphesini öğrendiğim anda birim sorumlusuna bildireceğimi,
6. Bu yükümlülüğün görevimden ayrıldıktan sonra da süreceğini (6698 sayılı Kanun m.12/4); aykırı davranışın \
disiplin sorumluluğunun yanında 5237 sayılı Kanun'un 134 ilâ 140'ıncı ve 258'inci maddeleri uyarınca sorumluluk \
doğuracağını bildiğimi

kabul ve taahhüt ederim."""

FIRST_EN = """\
I undertake to keep secret all images, information, documents and records that I learn of through my duty in \
the CCTV unit, and to see and use them only as far as my duty requires.

1. I give, show and tell nobody camera footage, request cases or personal data without the written decision of \
the authorised superior; I take no photograph or video of the screen.
2. I open no case and no footage that is none of my duty; I act on no case of my own or of people close to me, \
and say so.
3. I share my user name and password with nobody and leave no session open.
4. I know that every look and every act of mine is recorded and reported to my superior.
5. I tell the head of the unit of a breach, or of a suspicion of one, as soon as I learn of it.
6. I know that this duty goes on after I have left (Law no. 6698, art. 12/4), and that breaking it makes me liable \
under articles 134 to 140 and 258 of Law no. 5237 besides disciplinary measures."""
