"""How the admin writes times: to the second and without a.m., because operators compare them with logs."""

DATE_FORMAT = "j M Y"
TIME_FORMAT = "H:i:s"
DATETIME_FORMAT = "j M Y, H:i:s"
