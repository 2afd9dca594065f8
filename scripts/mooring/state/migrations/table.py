"""All migrations, in the order in which they are carried out. The first one's number is 1."""

from mooring.state.migrations.durable import DURABLE
from mooring.state.migrations.first import FIRST
from mooring.state.migrations.identity import IDENTITY
from mooring.state.migrations.ledger import LEDGER
from mooring.state.migrations.machines_of_runs import MACHINES_OF_RUNS
from mooring.state.migrations.migration import Migration
from mooring.state.migrations.releases import RELEASES

MIGRATIONS: tuple[Migration, ...] = (FIRST, IDENTITY, LEDGER, RELEASES, DURABLE, MACHINES_OF_RUNS)
