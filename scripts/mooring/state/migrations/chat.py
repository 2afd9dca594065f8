"""What was said by chat and is not over: events that were heard, questions, messages that are edited, leases."""

from mooring.state.migrations.migration import Migration

CHAT = Migration(
    "chat",
    up=(
        # heard once; `answer` is the answer as it is now, `posted` where it is shown, both JSON
        """create table chat_events (
            platform $text not null, event $text not null, at $real not null, received $text not null,
            answer $text, posted $text, done $real, primary key (platform, event)
        ) $strict""",
        "create index chat_events_by_time on chat_events (at)",
        # a question that waits for a press or a word; `command` and `place` are JSON
        """create table chat_questions (
            token $text primary key, at $real not null, until $real not null, person $text not null,
            platform $text not null, command $text not null, place $text not null, digest $text not null,
            confirm $text not null, state $text not null, decided $text not null
        ) $strict""",
        # where an incident is told, so that it is updated there
        """create table chat_messages (
            incident $text not null, platform $text not null, channel $text not null, at $real not null,
            posted $text not null, said $text not null, over $real,
            primary key (incident, platform, channel)
        ) $strict""",
        # silences and locks: what ends by itself
        """create table holds (
            id $text primary key, kind $text not null, subject $text not null, owner $text not null,
            reason $text not null, since $real not null, until $real not null, ended $text not null,
            announced $number not null
        ) $strict""",
        # plans that wait for a person, and what people said of them
        """create table approval_requests (
            plan $text primary key, digest $text not null, at $real not null, actor $text not null, said $text not null
        ) $strict""",
        """create table approvals (
            plan $text not null, person $text not null, platform $text not null, at $real not null,
            approved $number not null, primary key (plan, person)
        ) $strict""",
    ),
    down=tuple(
        f"drop table {name}"
        for name in ("approvals", "approval_requests", "holds", "chat_messages", "chat_questions", "chat_events")
    ),
    backward_compatible=True,
)
