"""Deploys what `make build` made and keeps it by its commit: deploy.py STAGE [RELEASE]

With RELEASE, deploys that one again as it was then, without building anything; `?` lists those that are kept, newest first.
"""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGED = ROOT / ".aws-sam/release.yaml"


def sam(*arguments):
    subprocess.run(["sam", *arguments], cwd=ROOT, check=True)


def bucket():
    """The bucket where SAM puts artifacts."""
    import boto3

    stacks = boto3.client("cloudformation").describe_stacks(StackName="aws-sam-cli-managed-default")["Stacks"]
    name = next(put["OutputValue"] for put in stacks[0]["Outputs"] if put["OutputKey"] == "SourceBucket")
    return boto3.resource("s3").Bucket(name)


def key(stage, release):
    return f"clientconnect-{stage}/releases/{release}.yaml"


def deploy(stage):
    said = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, check=True, capture_output=True, text=True)
    release = said.stdout.strip()
    built = ROOT / ".aws-sam/build/template.yaml"
    sam("package", "--template-file", str(built), "--resolve-s3", "--output-template-file", str(PACKAGED))
    sam("deploy", "--template-file", str(PACKAGED), "--config-env", stage)
    bucket().upload_file(str(PACKAGED), key(stage, release))
    print(f"Deployed {release}. To come back to it: make roll-back STAGE={stage} RELEASE={release}")


def roll_back(stage, release):
    PACKAGED.parent.mkdir(exist_ok=True)
    bucket().download_file(key(stage, release), str(PACKAGED))
    sam("deploy", "--template-file", str(PACKAGED), "--config-env", stage)


def show(stage):
    kept = bucket().objects.filter(Prefix=key(stage, "").removesuffix(".yaml"))
    for one in sorted(kept, key=lambda one: one.last_modified, reverse=True):
        print(one.last_modified.isoformat(timespec="minutes"), pathlib.PurePath(one.key).stem)


if __name__ == "__main__":
    match sys.argv[1:]:
        case [stage]:
            deploy(stage)
        case [stage, "?"]:
            show(stage)
        case [stage, release]:
            roll_back(stage, release)
        case _:
            sys.exit(__doc__)
