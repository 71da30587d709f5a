"""Which addresses others are told to use."""

from mesh.driver.network.addresses import ADVERTISED_MAX, advertised
from mesh.wire.identity import Address


def test_what_was_configured_counts() -> None:
    """A person knows better than the host, behind a router for one."""
    configured = [Address("front.example", 7_000)]
    assert advertised([Address("0.0.0.0", 1)], configured) == tuple(configured)


def test_an_address_bound_on_purpose_is_told() -> None:
    """Loopback too, where there is nothing else."""
    assert advertised([Address("127.0.0.1", 5)], []) == (Address("127.0.0.1", 5),)


def test_loopback_is_left_out_where_there_is_another() -> None:
    """Others would reach themselves there."""
    listening = [Address("127.0.0.1", 5), Address("10.0.0.1", 5), Address("::1", 5)]
    assert advertised(listening, []) == (Address("10.0.0.1", 5),)


def test_no_more_than_a_message_names() -> None:
    """A host with many interfaces tells the best ones."""
    listening = [Address(f"10.0.0.{number}", 5) for number in range(1, 20)]
    assert advertised(listening, []) == tuple(listening[:ADVERTISED_MAX])


def test_everywhere_is_some_address_of_this_host() -> None:
    """A wildcard means nothing elsewhere, so it is never told."""
    found = advertised([Address("0.0.0.0", 5), Address("::", 5)], [])
    assert found
    assert {address.port for address in found} == {5}
    assert not {"0.0.0.0", "::"} & {address.host for address in found}
