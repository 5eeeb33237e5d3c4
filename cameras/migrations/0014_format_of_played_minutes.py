from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cameras", "0013_starts_and_disks_with_their_age"),
    ]

    operations = [
        migrations.AddField(
            model_name="playbackproof",
            name="picture_format",
            field=models.CharField(
                blank=True, help_text="Codec and size, such as H264 1920 x 1080.", max_length=40
            ),
        ),
    ]
