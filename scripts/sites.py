"""Puts the two built sites into their buckets: sites.py STAGE. Without a stage it lists what it would put, in order.

A file whose name has its content's hash comes before the pages that ask for it, index.html comes last, and nothing is
taken away: pages that are open meanwhile find what they were built with.
"""

import json
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
KINDS = json.loads((ROOT / "infra/content-types.json").read_text())
WEB = pathlib.Path(os.environ.get("SITES", ROOT / "web"))
IMMUTABLE = "_app/immutable/"


def files(build):
    """Key, content type and cache control of each file, in the order in which they are put."""
    if not (build / "index.html").is_file():
        sys.exit(f"{build} has no index.html: `make web` builds it.")
    keys = [path.relative_to(build).as_posix() for path in build.rglob("*") if path.is_file()]
    # CloudFront compresses by itself.
    keys = [key for key in keys if not key.endswith((".br", ".gz"))]
    for key in sorted(keys, key=lambda key: (key == "index.html", not key.startswith(IMMUTABLE), key)):
        kind = KINDS.get(key.rpartition(".")[2], "application/octet-stream")
        forever = key.startswith(IMMUTABLE)
        yield key, kind, "public, max-age=31536000, immutable" if forever else "no-cache"


def put(stage):
    import boto3

    account = boto3.client("sts").get_caller_identity()["Account"]
    s3 = boto3.client("s3", region_name="us-east-1")
    for site in ("portal", "admin"):
        build = WEB / site / "build"
        bucket = f"clientconnect-{stage}-{site}-site-{account}"
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=IMMUTABLE)
        there = {found["Key"] for page in pages for found in page.get("Contents", [])}
        new = [file for file in files(build) if file[0] not in there]
        for key, kind, lifetime in new:
            s3.put_object(
                Bucket=bucket, Key=key, Body=(build / key).read_bytes(), ContentType=kind, CacheControl=lifetime
            )
        print(f"{bucket}: {len(new)} files put, {len(there)} of earlier releases kept")


def show():
    for site in ("portal", "admin"):
        for file in files(WEB / site / "build"):
            print(site, *file, sep="\t")


if __name__ == "__main__":
    put(sys.argv[1]) if len(sys.argv) > 1 else show()
