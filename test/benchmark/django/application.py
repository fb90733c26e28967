"""The benchmark's application in Django: the same routes, with sessions in the same PostgreSQL.

Its settings come from the environment, as compare.mjs gives them.
"""

import json
import os
import time

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": os.environ["BENCH_HOST"],
            "PORT": os.environ["BENCH_PORT"],
            "USER": os.environ["BENCH_USER"],
            "PASSWORD": os.environ["BENCH_PASSWORD"],
            "NAME": os.environ["BENCH_DATABASE"],
            # A connection is kept, as a pool keeps it.
            "CONN_MAX_AGE": None,
        }
    },
    DEBUG=False,
    INSTALLED_APPS=["django.contrib.sessions"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="the secret of the benchmark",
    SESSION_ENGINE="django.contrib.sessions.backends.db",
    USE_TZ=True,
)
django.setup()

from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection  # noqa: E402
from django.http import JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402

call_command("migrate", verbosity=0)

statements = {"count": 0}


def counted(execute, sql, params, many, context):
    statements["count"] += 1
    return execute(sql, params, many, context)


def unused(request):
    return JsonResponse({"user": "ann"})


def read(request):
    return JsonResponse({"user": request.session.get("user")})


def count_up(session):
    session["count"] = session.get("count", 0) + 1


def write(request):
    count_up(request.session)
    return JsonResponse({"user": "ann"})


def fill(request):
    request.session.update({"user": "ann", "count": 0, "basket": json.loads(request.body)})
    return JsonResponse({"user": "ann"})


def cpu(request):
    """CPU time of this process so far, in microseconds."""
    return JsonResponse({"cpu": time.process_time_ns() // 1000})


def operations(request):
    """SQL statements of a read and of a write, done as the middleware does them."""
    counts = {}
    for name, use in {"read": lambda session: session.get("user"), "write": count_up}.items():
        session = SessionStore(request.session.session_key)
        statements["count"] = 0
        with connection.execute_wrapper(counted):
            use(session)
            if session.modified:
                session.save()
        counts[name] = statements["count"]
    return JsonResponse(counts)


urlpatterns = [path(view.__name__, view) for view in (unused, read, write, fill, cpu, operations)]
application = get_wsgi_application()
