"""Releases, the evidence that they went out on, and the keys of callers."""

from mooring.state.migrations.migration import Migration

RELEASES = Migration(
    "releases, evidence and keys",
    up=(
        "create table releases (digest $text primary key, content $bytes not null, stored $real not null) $strict",
        """create table evidence (
            digest $text primary key, release $text not null, class $text not null, content $bytes not null,
            stored $real not null
        ) $strict""",
        "create index evidence_release on evidence (release)",
        "create table caller_keys (hash $text primary key, data $text not null, revoked $real) $strict",
        "create table caller_key_changes (number $number primary key) $strict",
        "insert into caller_key_changes values (0)",
    ),
    down=tuple(f"drop table {name}" for name in ("caller_key_changes", "caller_keys", "evidence", "releases")),
    backward_compatible=True,
)
