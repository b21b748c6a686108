"""What users of `kurrentdbclient` meet on a server with TLS and users, one function for each case.

Called with the name of a case, `HOST:PORT`, the file of the authority's certificate, and the
passwords of `admin` and `ops`. A case passes when its function comes back.
"""

import sys

from kurrentdbclient import KurrentDBClient, NewEvent, StreamState
from kurrentdbclient import exceptions as errors


class Server:
    def __init__(self, address, authority, admin, ops):
        self.address, self.authority = address, authority
        self.passwords = {"admin": admin, "ops": ops}

    def connect(self, login="admin", password=None):
        password = password or self.passwords[login]
        url = f"kurrentdb://{login}:{password}@{self.address}?tlsCaFile={self.authority}"
        return KurrentDBClient(url)


def append(client, stream):
    events = [NewEvent(type="opened", data=b"{}")]
    return client.append_to_stream(stream, current_version=StreamState.ANY, events=events)


def expect(error, work):
    try:
        work()
    except error as caught:
        return caught
    raise AssertionError(f"{error} was expected")


def case_who_knows_the_password_reads_and_writes(server):
    client = server.connect()
    append(client, "a-1")
    assert len(client.get_stream("a-1")) == 1
    subscription = client.subscribe_to_stream("a-1")
    assert next(subscription).stream_position == 0
    subscription.stop()
    client.close()


def case_a_wrong_password_is_refused(server):
    client = server.connect(password="guess")
    refused = (errors.UnauthenticatedError, errors.AccessDeniedError, errors.GrpcError)
    expect(refused, lambda: append(client, "a-1"))
    expect(refused, lambda: client.get_stream("a-1"))
    client.close()


def case_a_list_keeps_others_out(server):
    admin, ops = server.connect(), server.connect(login="ops")
    append(admin, "a-1")
    assert len(ops.get_stream("a-1")) == 1
    only_admins = {"$acl": {"$r": "$admins", "$w": "$admins"}}
    admin.set_stream_metadata("a-1", metadata=only_admins, current_version=StreamState.ANY)
    expect(errors.AccessDeniedError, lambda: ops.get_stream("a-1"))
    expect(errors.AccessDeniedError, lambda: append(ops, "a-1"))
    assert len(admin.get_stream("a-1")) == 1
    expect(errors.AccessDeniedError, lambda: ops.get_stream("$user-admin"))
    admin.close()
    ops.close()


if __name__ == "__main__":
    case, *server = sys.argv[1:]
    globals()[case](Server(*server))
