"""What a month costs, for so many clients: cost.py < UNITS

UNITS is what the tests `every_operation_takes_what_it_may` and `what_an_invitation_sets_off` print: each operation with
the read and write units it was measured to take. What is counted from the templates is counted here; what nobody can
measure before there are clients is assumed, and named. `make cost` does it all.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MILLION = 1_000_000
SIZES = [500, 50_000, 5_000_000]

# USD, us-east-1, on demand, before tax; AWS's list of 2026.
PRICES = {
    "read unit": 0.125 / MILLION,
    "write unit": 0.625 / MILLION,
    "GB of tables": 0.25,
    "GB of point-in-time recovery": 0.20,
    "GB of backups": 0.10,
    "API request": 1.00 / MILLION,
    "function call": 0.20 / MILLION,
    "function GB-second": 0.0000166667,
    "GB of logs": 0.50,
    "mail": 0.10 / 1000,
    "queue request": 0.40 / MILLION,
    "event": 1.00 / MILLION,
    "key": 1.00,
    "secret": 0.40,
    "alarm metric": 0.10,
    "counted metric": 0.30,
    "firewall": 5.00,
    "firewall rule": 1.00,
    "firewall request": 0.60 / MILLION,
    "edge request": 1.00 / MILLION,
    "GB from the edge": 0.085,
}

# Every month, in every account; what ends after an account's first year is left out.
FREE = {
    "GB of tables": 25,
    "function call": MILLION,
    "function GB-second": 400_000,
    "GB of logs": 5,
    "queue request": MILLION,
    "alarm metric": 10,
    "counted metric": 10,
    "edge request": 10 * MILLION,
    "GB from the edge": 1000,
}

# Assumed: how often each client does something in a month.
BY_CLIENT = {
    "portal.get_agency": 4,
    "portal.sign_in": 4,
    "portal.get_home": 8,
    "portal.extend_session": 8,
    "portal.get_account": 1,
    "portal.sign_out": 2,
    "portal.request_password_reset": 0.1,
    "portal.reset_password": 0.1,
    # One client in thirty-three is new.
    "portal.look_at_link": 0.06,
    "portal.activate_account": 0.03,
    "admin.create_account": 0.03,
}
# Assumed: how often each worker does something on a working day.
BY_WORKER_AND_DAY = {
    "admin.sign_in": 1,
    "admin.get_me": 5,
    "admin.extend_session": 60,
    "admin.search_individuals": 20,
    "admin.get_individual": 25,
    "admin.get_account_history": 3,
    "admin.get_mail_history": 3,
    "admin.set_communication_settings": 2,
    "admin.list_alerts": 5,
    "admin.sign_out": 1,
}
CLIENTS_OF_A_WORKER = 40
WORKING_DAYS = 21
# Invitation; link and notice of a reset.
MAILS = {"admin.create_account": 1, "portal.request_password_reset": 1, "portal.reset_password": 1}
# Assumed, of one call: memory in GB and seconds billed, those of cold starts spread over all.
HASHING = {"portal.sign_in", "portal.activate_account", "portal.reset_password", "admin.sign_in"}
HASH = (1.769, 0.150)
SMALL = (0.256, 0.030)
# Assumed: a call's lines in its function's log and the API's.
LOG_BYTES = 1_200
# Assumed: all that is kept of a client, journal, mails and access log of some years among it; indexes count twice.
CLIENT_BYTES = 60_000
# Backups that are kept: 35 daily, 13 monthly.
BACKUPS = 48
# What one sign-in loads of a site that the browser has mostly kept.
EDGE_BYTES = 40_000
EDGE_REQUESTS = 6
# Lambda's pollers of a queue: five, each asking three times a minute.
POLLS = 5 * 3 * 60 * 24 * 30


def resources(kind, edge=False):
    """The blocks of all resources of one type, of the edge's stack or of all others."""
    found = []
    for path in sorted((ROOT / "infra").glob("*.yaml")):
        if (path.name == "edge.yaml") != edge:
            continue
        for block in re.split(r"\n(?=  \w+:\n)", path.read_text()):
            if re.search(rf"^    Type: {kind}$", block, re.MULTILINE):
                found.append(block)
    return found


def measured(lines):
    """Calls, read and write units by operation, from the printed tables."""
    row = re.compile(r"^(\S+)\s+(\d+)\s+([\d.]+)\s+([\d.]+)\s+[\d.]+$")
    rows = [row.match(line.strip()) for line in lines]
    units = {found[1]: (float(found[3]), float(found[4])) for found in rows if found}
    wanted = {*BY_CLIENT, *BY_WORKER_AND_DAY, "jobs.publish_journal", "jobs.send_mail", "jobs.record_mail_outcome"}
    if missing := wanted - units.keys():
        sys.exit(f"Not measured: {', '.join(sorted(missing))}")
    return units


def watched(alarms):
    """The metrics that alarms are made of: each is paid for."""
    return sum(block.count("MetricName:") for block in alarms)


def standing():
    """What is there whether or not anybody comes, without the edge."""
    counted = {name for block in resources("AWS::Logs::MetricFilter") for name in re.findall(r"MetricName: (\w+)", block)}
    return {
        "key": len(resources("AWS::KMS::Key")),
        "secret": len(resources("AWS::SecretsManager::Secret")),
        "alarm metric": watched(resources("AWS::CloudWatch::Alarm")),
        "counted metric": len(counted),
        "queue request": POLLS * sum("Queue: !GetAtt" in block for block in resources("AWS::Serverless::Function")),
    }


def used(clients, units):
    """What so many clients and their workers use in a month."""
    workers = clients / CLIENTS_OF_A_WORKER
    calls = {name: often * clients for name, often in BY_CLIENT.items()}
    for name, often in BY_WORKER_AND_DAY.items():
        calls[name] = calls.get(name, 0) + often * workers * WORKING_DAYS
    mails = sum(calls[name] * number for name, number in MAILS.items())
    # After each mail: its event published, itself sent, and SES's word that it was sent and that it arrived.
    jobs = {"jobs.publish_journal": mails, "jobs.send_mail": mails, "jobs.record_mail_outcome": mails}
    seconds = sum(often * gb * s for name, often in calls.items() for gb, s in [HASH if name in HASHING else SMALL])
    seconds += sum(jobs.values()) * SMALL[0] * SMALL[1]
    requests = sum(calls.values())
    everything = {**calls, **jobs}
    kept = clients * CLIENT_BYTES / 1e9
    return {
        "read unit": sum(often * units[name][0] for name, often in everything.items()),
        "write unit": sum(often * units[name][1] for name, often in everything.items()),
        "GB of tables": kept,
        "GB of point-in-time recovery": kept,
        "GB of backups": kept * BACKUPS,
        "API request": requests,
        "function call": sum(everything.values()),
        "function GB-second": seconds,
        "GB of logs": sum(everything.values()) * LOG_BYTES / 1e9,
        "mail": mails,
        # Put, taken and removed: the mail's event, and SES's two.
        "queue request": mails * 9,
        "event": mails,
    }


def at_the_edge(clients, use):
    sign_ins = clients * BY_CLIENT["portal.sign_in"]
    requests = use["API request"] + sign_ins * EDGE_REQUESTS
    firewalls = resources("AWS::WAFv2::WebACL", edge=True)
    return {
        "alarm metric": watched(resources("AWS::CloudWatch::Alarm", edge=True)),
        "firewall": len(firewalls),
        "firewall rule": sum(block.count("- Name:") for block in firewalls),
        "firewall request": requests,
        "edge request": requests,
        "GB from the edge": sign_ins * EDGE_BYTES / 1e9,
    }


def usd(amounts):
    return {name: max(0, amount - FREE.get(name, 0)) * PRICES[name] for name, amount in amounts.items()}


def total(*parts):
    amounts = {}
    for part in parts:
        for name, amount in part.items():
            amounts[name] = amounts.get(name, 0) + amount
    return usd(amounts)


def main():
    units = measured(sys.stdin)
    always, edge = standing(), at_the_edge(0, used(0, units))
    columns = [("nobody", total(always)), ("nobody, edge", total(always, edge))]
    for clients in SIZES:
        use = used(clients, units)
        columns.append((f"{clients:,} clients, edge", total(always, use, at_the_edge(clients, use))))
    print(f"| USD a month | {' | '.join(name for name, _ in columns)} |")
    print(f"| --- | {' | '.join('---:' for _ in columns)} |")
    for what in PRICES:
        sums = [column.get(what, 0) for _, column in columns]
        if any(round(each, 2) for each in sums):
            print(f"| {what} | {' | '.join(f'{each:,.2f}' for each in sums)} |")
    print(f"| **all** | {' | '.join(f'**{sum(column.values()):,.2f}**' for _, column in columns)} |")
    heads = [f"{sum(column.values()) / clients:.4f}" for clients, (_, column) in zip(SIZES, columns[2:])]
    print(f"| for each client | | | {' | '.join(heads)} |")


if __name__ == "__main__":
    main()
