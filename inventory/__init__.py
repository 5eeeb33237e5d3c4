"""Sites, positions, devices, addresses and channels, as dated rows."""
