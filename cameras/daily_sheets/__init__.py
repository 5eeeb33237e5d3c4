"""Günlük Kayıt Kontrol Çizelgesi: its content, its life, its papers."""
