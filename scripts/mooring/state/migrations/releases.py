"""Releases, the evidence that they went out on, the keys of callers, and the machines that serve."""

from mooring.state.migrations.migration import Migration

RELEASES = Migration(
    "releases, evidence, keys and machines",
    up=(
        "create table releases (digest $text primary key, content $bytes not null, stored $real not null) $strict",
        """create table evidence (
            digest $text primary key, release $text not null, class $text not null, content $bytes not null,
            stored $real not null
        ) $strict""",
        "create index evidence_release on evidence (release)",
        "create table caller_keys (hash $text primary key, data $text not null, revoked $real) $strict",
        "create table caller_key_changes (id $text primary key, number $number not null) $strict",
        """create table machines (
            id $text primary key, host $text not null, folder $text not null, live $text, entry $number not null,
            ahead $real not null, beat $number not null, seen $real not null
        ) $strict""",
    ),
    down=tuple(
        f"drop table {name}" for name in ("machines", "caller_key_changes", "caller_keys", "evidence", "releases")
    ),
    backward_compatible=True,
)
