"""Device credentials. The one app that ever holds a device's plain password."""
