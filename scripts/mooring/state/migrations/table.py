"""All migrations, in the order in which they are carried out. The first one's number is 1."""

from mooring.state.migrations.chat import CHAT
from mooring.state.migrations.deaths import DEATHS
from mooring.state.migrations.durable import DURABLE
from mooring.state.migrations.export import EXPORT
from mooring.state.migrations.first import FIRST
from mooring.state.migrations.heartbeats import HEARTBEATS
from mooring.state.migrations.identity import IDENTITY
from mooring.state.migrations.kept import KEPT
from mooring.state.migrations.ledger import LEDGER
from mooring.state.migrations.machines_of_runs import MACHINES_OF_RUNS
from mooring.state.migrations.memory import MEMORY
from mooring.state.migrations.migration import Migration
from mooring.state.migrations.patrol import PATROL
from mooring.state.migrations.pods import PODS
from mooring.state.migrations.releases import RELEASES
from mooring.state.migrations.samples import SAMPLES
from mooring.state.migrations.spend_batches import SPEND_BATCHES

MIGRATIONS: tuple[Migration, ...] = (
    FIRST,
    IDENTITY,
    LEDGER,
    RELEASES,
    DURABLE,
    EXPORT,
    MEMORY,
    HEARTBEATS,
    MACHINES_OF_RUNS,
    DEATHS,
    SPEND_BATCHES,
    PATROL,
    SAMPLES,
    CHAT,
    PODS,
    KEPT,
)
