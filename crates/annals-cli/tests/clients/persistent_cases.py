"""What users of `kurrentdbclient` do with persistent subscriptions, one function for each case.

Called with the name of a case and the connection string of an empty server.
A case passes when its function comes back.
"""

import sys
import threading

from kurrentdbclient import KurrentDBClient, NewEvent, StreamState
from kurrentdbclient import exceptions as errors


def append(client, stream, count, kind="opened"):
    events = [NewEvent(type=kind, data=b"{}") for _ in range(count)]
    return client.append_to_stream(stream, current_version=StreamState.ANY, events=events)


def expect(error, work):
    try:
        work()
    except error as caught:
        return caught
    raise AssertionError(f"{error.__name__} was expected")


def read(client, stream="a-1"):
    return client.read_subscription_to_stream("workers", stream, max_ack_delay=0.05)


def case_consumers_share_the_events_of_a_stream(client):
    append(client, "a-1", 20)
    client.create_subscription_to_stream("workers", "a-1", consumer_strategy="RoundRobin")
    consumers = [read(client), read(client)]
    append(client, "a-1", 20)
    seen, lock, enough = [], threading.Lock(), threading.Event()

    def work(consumer):
        for event in consumer:
            consumer.ack(event)
            with lock:
                seen.append(event.stream_position)
                if len(seen) == 40:
                    enough.set()

    workers = [threading.Thread(target=work, args=(each,), daemon=True) for each in consumers]
    [worker.start() for worker in workers]
    assert enough.wait(30), len(seen)
    [consumer.stop() for consumer in consumers]
    [worker.join(10) for worker in workers]
    assert sorted(seen) == list(range(40))


def case_an_event_is_tried_again_and_then_parked(client):
    append(client, "a-1", 1)
    client.create_subscription_to_stream("workers", "a-1")
    consumer = read(client)
    consumer.nack(next(consumer), action="retry")
    again = next(consumer)
    assert again.retry_count == 1, again.retry_count
    consumer.nack(again, action="park")
    append(client, "a-1", 1)
    second = next(consumer)
    assert second.stream_position == 1
    consumer.ack(second)
    # The server learns of it a moment later, and says so.
    while client.get_subscription_info("workers", "a-1").parked_message_count < 1:
        pass
    client.replay_parked_events("workers", "a-1")
    parked = next(consumer)
    assert parked.stream_position == 0
    consumer.ack(parked)
    consumer.stop()


def case_the_whole_store_is_shared_through_a_filter(client):
    append(client, "a-1", 3, kind="wanted")
    append(client, "b-1", 3, kind="other")
    client.create_subscription_to_all("workers", filter_include=["wanted"])
    consumer = client.read_subscription_to_all("workers", max_ack_delay=0.05)
    seen = []
    for event in consumer:
        consumer.ack(event)
        seen.append(event.type)
        if len(seen) == 3:
            break
    assert seen == ["wanted"] * 3
    consumer.stop()


def case_a_category_is_shared_and_its_links_are_resolved(client):
    append(client, "shop-1", 1)
    append(client, "other-1", 1)
    client.create_subscription_to_stream("workers", "$ce-shop", resolve_links=True)
    consumer = read(client, "$ce-shop")
    first = next(consumer)
    assert (first.stream_name, first.link.stream_name) == ("shop-1", "$ce-shop")
    consumer.ack(first.link.id)
    append(client, "shop-2", 1)
    second = next(consumer)
    assert second.stream_name == "shop-2"
    consumer.nack(second.link.id, action="park")
    while client.get_subscription_info("workers", "$ce-shop").parked_message_count < 1:
        pass
    client.replay_parked_events("workers", "$ce-shop")
    assert next(consumer).stream_name == "shop-2"
    consumer.stop()


def case_groups_are_listed_updated_and_deleted(client):
    append(client, "a-1", 1)
    create = lambda: client.create_subscription_to_stream("workers", "a-1")
    create()
    expect(errors.AlreadyExistsError, create)
    (listed,) = client.list_subscriptions()
    assert (listed.group_name, listed.event_source) == ("workers", "a-1")
    client.update_subscription_to_stream("workers", "a-1", max_retry_count=3)
    assert client.get_subscription_info("workers", "a-1").max_retry_count == 3
    client.delete_subscription("workers", "a-1")
    expect(errors.NotFoundError, lambda: client.get_subscription_info("workers", "a-1"))
    expect(errors.NotFoundError, lambda: client.delete_subscription("workers", "a-1"))
    expect(errors.NotFoundError, lambda: next(read(client)))


def case_too_many_consumers_are_refused(client):
    append(client, "a-1", 1)
    client.create_subscription_to_stream("workers", "a-1", max_subscriber_count=1)
    first = read(client)
    next(first)
    expect(errors.MaximumSubscriptionsReachedError, lambda: next(read(client)))
    first.stop()


if __name__ == "__main__":
    case, url = sys.argv[1:]
    client = KurrentDBClient(url)
    globals()[case](client)
    client.close()
