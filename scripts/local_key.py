#!/usr/bin/env python3
"""Prints the secret access key with which a caller signs requests to a local run: local_key.py portal.get_home|root"""

import hashlib
import hmac
import os
import sqlite3
import sys

file = os.environ.get("LOCAL_DATA") or ".local/clientconnect.db"
try:
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as data:
        (signing,) = data.execute("SELECT value FROM local_meta WHERE key = 'signing_secret'").fetchone()
except (sqlite3.Error, TypeError) as error:
    sys.exit(f"{file} can't be read; start `make run` first ({error})")
print(hmac.new(bytes.fromhex(signing), sys.argv[1].encode(), hashlib.sha256).hexdigest())
