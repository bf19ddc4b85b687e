"""Every setting, read once from the environment. A fresh checkout starts with none set; `.env.example` has them all."""

from typing import Any

from conversations.ai.config import Config
from nevermisscall import appearance, celery_options
from nevermisscall.lib.env import BASE_DIR, open_environment, require
from nevermisscall.lib.log_config import log_config

env = open_environment()

DJANGO_ENV: str = env.str("DJANGO_ENV", default="development")
require(DJANGO_ENV in {"development", "production"}, "DJANGO_ENV", "use `development` or `production`")
PRODUCTION = DJANGO_ENV == "production"
DEBUG = False  # Django's debug pages show settings and texts of customers; tracebacks are in the log instead.

SECRET_KEY: str = env.str("DJANGO_SECRET_KEY", default="" if PRODUCTION else "development-only-" + "k" * 40)
require(len(SECRET_KEY) >= 50, "DJANGO_SECRET_KEY", "set it to at least 50 random characters")

PORT: int = env.int("PORT", default=3701)
PUBLIC_BASE_URL: str = env.str("PUBLIC_BASE_URL", default=f"http://127.0.0.1:{PORT}").rstrip("/")
require(
    PUBLIC_BASE_URL.startswith("https://" if PRODUCTION else ("http://", "https://")),
    "PUBLIC_BASE_URL",
    "set it to the https:// origin that Twilio reaches; signatures are verified against it",
)

# --- Django -----------------------------------------------------------------------------------------------------------

ROOT_URLCONF = "nevermisscall.urls"
WSGI_APPLICATION = "nevermisscall.wsgi.application"
ALLOWED_HOSTS = ["*"]  # The Host header is never used: links and signatures come from PUBLIC_BASE_URL.
APPEND_SLASH = False  # A redirect would turn Twilio's POST into a GET without its fields.
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = "nevermisscall.admin_formats"
USE_TZ = True

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "nevermisscall.outbox",
    "nevermisscall.status",
    "nevermisscall.backup",
    "nevermisscall.twilio",
    "tenants",
    "nevermisscall.webhooks",
    "nevermisscall.api",
    "calls",
    "calls.alerts",
    "sms",
    "sms.bulk",
    "nevermisscall.reconciling",
    "conversations",
    "conversations.booking",
    "conversations.owner",
    "conversations.dispatching",
    "conversations.emergencies",
]

MIDDLEWARE = [
    "nevermisscall.lib.logs.RequestLogMiddleware",
    "nevermisscall.webhooks.middleware.WebhookLane",
    "nevermisscall.lib.database.PageLimit",
    "django.middleware.security.SecurityMiddleware",
    # Serves the admin's files. It looks the path up in a dictionary made at the start: a webhook pays 0.2 µs.
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Straight out of the installed packages, so there is no `collectstatic` to forget. Names carry no hash: an hour in a
# browser's cache is safe enough at an upgrade.
STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600  # seconds

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL]
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = [
    "security.W008",  # SECURE_SSL_REDIRECT: the proxy redirects people; a redirected webhook would lose its fields.
    "security.W020",  # ALLOWED_HOSTS: see above.
]

# --- PostgreSQL ------------------------------------------------------------------------------------------------------

DATABASES: dict[str, Any] = {
    "default": {
        **env.db_url("DATABASE_URL", default="postgresql://postgres@127.0.0.1:5432/nevermisscall"),
        # A new connection for each request costs several times the whole webhook (docs/performance.md).
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }
}
DATABASES["default"].setdefault("OPTIONS", {}).update(
    {
        "connect_timeout": 2,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 3000,
        "application_name": "nevermisscall",
        # Prepared statements: PostgreSQL plans each statement once for a connection.
        "server_side_binding": True,
        "prepare_threshold": 2,
    }
)

# --- Redis and Celery: the doorbell, never the truth (docs/architecture.md) -----------------------------------------

REDIS_URL: str = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = celery_options.TRANSPORT_OPTIONS
CELERY_BEAT_SCHEDULE: dict[str, Any] = {**celery_options.SCHEDULE}

# --- Twilio -----------------------------------------------------------------------------------------------------------

TWILIO_ACCOUNT_SID: str = env.str("TWILIO_ACCOUNT_SID", default="")
TWILIO_AUTH_TOKEN: str = env.str("TWILIO_AUTH_TOKEN", default="")
# During a rotation both tokens verify webhooks; requests to Twilio use the first.
TWILIO_AUTH_TOKEN_SECONDARY: str = env.str("TWILIO_AUTH_TOKEN_SECONDARY", default="")
TWILIO_API_BASE_URL: str = env.str("TWILIO_API_BASE_URL", default="https://api.twilio.com").rstrip("/")
if PRODUCTION:
    require(TWILIO_ACCOUNT_SID, "TWILIO_ACCOUNT_SID", "set it to the account that owns the numbers (AC…)")
    require(TWILIO_AUTH_TOKEN, "TWILIO_AUTH_TOKEN", "set it to that account's primary auth token")

# Texts a second by kind of number, for numbers whose registration says nothing better. Twilio queues what urgent texts
# go beyond it; other texts wait here.
SMS_LONG_CODE_PER_SECOND: float = env.float("SMS_LONG_CODE_PER_SECOND", default=1.0)
SMS_TOLL_FREE_PER_SECOND: float = env.float("SMS_TOLL_FREE_PER_SECOND", default=3.0)
SMS_SHORT_CODE_PER_SECOND: float = env.float("SMS_SHORT_CODE_PER_SECOND", default=10.0)
# All numbers of a Messaging Service together: what the smallest A2P 10DLC campaign may send.
SMS_MESSAGING_SERVICE_PER_SECOND: float = env.float("SMS_MESSAGING_SERVICE_PER_SECOND", default=1.0)
# A carrier's daily cap, for texts that nobody waits for; 0 is none.
SMS_DAILY_LIMIT_PER_NUMBER: int = env.int("SMS_DAILY_LIMIT_PER_NUMBER", default=0)
# Twilio answers STOP, START and HELP by itself, unless its support turned that off for the account.
# https://support.twilio.com/hc/en-us/articles/223181748
TWILIO_ANSWERS_KEYWORDS: bool = env.bool("TWILIO_ANSWERS_KEYWORDS", default=True)
# From which hour to which, by the recipient's own clock, people may get texts they did not just ask for.
SMS_DAYTIME_HOURS: list[int] = env.list("SMS_DAYTIME_HOURS", cast=int, default=[9, 20])
require(
    len(SMS_DAYTIME_HOURS) == 2 and 0 <= SMS_DAYTIME_HOURS[0] < SMS_DAYTIME_HOURS[1] <= 24,
    "SMS_DAYTIME_HOURS",
    "two hours, such as 9,20",
)
if PRODUCTION:
    require(
        SMS_DAYTIME_HOURS[0] >= 8 and SMS_DAYTIME_HOURS[1] <= 21,
        "SMS_DAYTIME_HOURS",
        "the law of the United States allows 8 to 21 at most, and some states less",
    )

# --- Secrets at rest --------------------------------------------------------------------------------------------------

# Comma-separated Fernet keys, newest first: the first encrypts, all decrypt.
FIELD_ENCRYPTION_KEYS: list[str] = env.list("FIELD_ENCRYPTION_KEYS", default=[])
if PRODUCTION:
    require(
        FIELD_ENCRYPTION_KEYS,
        "FIELD_ENCRYPTION_KEYS",
        "set at least one Fernet key (`openssl rand -base64 32 | tr '+/' '-_'`)",
    )

# --- Files of messages ------------------------------------------------------------------------------------------------

# Never served by URL: names are random, and only views that check who asks, or a signed link, open them.
MEDIA_ROOT: str = env.str("MEDIA_ROOT", default=str(BASE_DIR / "var" / "media"))
FILE_UPLOAD_PERMISSIONS = 0o600  # as restored ones have; Django would let every user of the machine read them

# --- The journal: webhooks that come while PostgreSQL is away ---------------------------------------------------------

# On a local disk. Web processes of one machine share it, and it must survive their restart.
JOURNAL_DIR: str = env.str("JOURNAL_DIR", default="" if PRODUCTION else str(BASE_DIR / "var" / "journal"))
if PRODUCTION:
    require(JOURNAL_DIR.startswith("/"), "JOURNAL_DIR", "set it to the absolute path of a directory on a local disk")
JOURNAL_MAX_MEGABYTES: int = env.int("JOURNAL_MAX_MEGABYTES", default=256)
JOURNAL_MAX_FILES: int = env.int("JOURNAL_MAX_FILES", default=10_000)

# --- Backups (docs/operations.md) -------------------------------------------------------------------------------------

# Where a worker puts one each day; without it nobody does.
BACKUP_DIR: str = env.str("BACKUP_DIR", default="")
BACKUP_KEEP_DAYS: int = env.int("BACKUP_KEEP_DAYS", default=30)
require(BACKUP_KEEP_DAYS > 0, "BACKUP_KEEP_DAYS", "use 1 or more")
if BACKUP_DIR:
    CELERY_BEAT_SCHEDULE["take a backup, if one is due"] = {"task": "backup.daily", "schedule": 900.0}

# --- Conversations and who answers them (docs/dispatchers.md) ---------------------------------------------------------

AI_TAKEOVER_SECONDS: int = env.int("AI_TAKEOVER_SECONDS", default=60)
DISPATCHERS = Config(
    ai_backend=env.str("AI_BACKEND", default=""),
    dispatchbot_url=env.str("DISPATCHBOT_URL", default=""),
    dispatchbot_api_key=env.str("DISPATCHBOT_API_KEY", default=""),
    anthropic_api_key=env.str("ANTHROPIC_API_KEY", default=""),
    openai_api_key=env.str("OPENAI_API_KEY", default=""),
    openai_base_url=env.str("OPENAI_BASE_URL", default=""),
    ai_model=env.str("AI_MODEL", default=""),
)
for _variable, _remedy in DISPATCHERS.problems(production=PRODUCTION):
    require(False, _variable, _remedy)

# --- Metrics ----------------------------------------------------------------------------------------------------------

# Bearer token that `/metrics` asks for; without one anybody may read the figures.
METRICS_TOKEN: str = env.str("METRICS_TOKEN", default="")

# --- API (docs/api.md) ------------------------------------------------------------------------------------------------

API_REQUESTS_PER_MINUTE: int = env.int("API_REQUESTS_PER_MINUTE", default=1000)
# gunicorn's own variable for its processes; while Redis is away they share the limit among them.
WEB_CONCURRENCY: int = env.int("WEB_CONCURRENCY", default=2)
require(API_REQUESTS_PER_MINUTE > 0, "API_REQUESTS_PER_MINUTE", "use 1 or more")
require(WEB_CONCURRENCY > 0, "WEB_CONCURRENCY", "use 1 or more")

REST_FRAMEWORK: dict[str, Any] = {
    # What an endpoint of ours uses is in nevermisscall.api.views.ApiView; a webhook uses none of it.
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}

SPECTACULAR_SETTINGS = appearance.SPECTACULAR_SETTINGS

# --- Logs -------------------------------------------------------------------------------------------------------------

LOG_LEVEL: str = env.str("LOG_LEVEL", default="INFO")
LOGGING = log_config(LOG_LEVEL, as_json=PRODUCTION)

# --- Admin ------------------------------------------------------------------------------------------------------------

UNFOLD = appearance.UNFOLD
