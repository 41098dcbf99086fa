"""A row of the history names the last one that could be seen, of whatever case, and takes its digest in."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

#: rows from before have no `last_id`; their digests are made as they were
DIGEST = """
create function history_digest(line history, before bytea, last bytea) returns bytea language sql stable as $$
  select sha256(convert_to((jsonb_build_array(
    line.id, line.denial_id, line.consult_id, line.director_id, extract(epoch from line.at), line.what, line.details,
    line.actor, line.standing, line.seen, line.previous_id, line.xact, encode(before, 'hex'))
    || case when line.last_id is null then jsonb '[]' else jsonb_build_array(line.last_id, encode(last, 'hex')) end
  )::text, 'UTF8'))
$$;
"""

#: no further back than a thousand: what others have under way is gone by one by one
CHAIN = """
create or replace function chain_history() returns trigger language plpgsql as $$
declare
  before record;
  last record;
begin
  if new.denial_id is null then
    select id, digest into before from history where director_id = new.director_id order by id desc limit 1;
  else
    select id, digest into before from history where denial_id = new.denial_id order by id desc limit 1;
  end if;
  select id, digest into last from history where id < new.id and id > new.id - 1000 order by id desc limit 1;
  new.previous_id := before.id;
  new.last_id := last.id;
  new.xact := pg_current_xact_id()::text::bigint;
  new.digest := history_digest(new, before.digest, last.digest);
  return new;
end $$;
"""

AS_BEFORE = """
create function history_digest(line history, before bytea) returns bytea language sql stable as $$
  select sha256(convert_to(jsonb_build_array(
    line.id, line.denial_id, line.consult_id, line.director_id, extract(epoch from line.at), line.what, line.details,
    line.actor, line.standing, line.seen, line.previous_id, line.xact, encode(before, 'hex'))::text, 'UTF8'))
$$;
create or replace function chain_history() returns trigger language plpgsql as $$
declare
  before record;
begin
  if new.denial_id is null then
    select id, digest into before from history where director_id = new.director_id order by id desc limit 1;
  else
    select id, digest into before from history where denial_id = new.denial_id order by id desc limit 1;
  end if;
  new.previous_id := before.id;
  new.xact := pg_current_xact_id()::text::bigint;
  new.digest := history_digest(new, before.digest);
  return new;
end $$;
alter table history disable trigger history_is_append_only;
"""

DIGESTS_AS_BEFORE = """
do $$
declare
  line history;
  before bytea;
begin
  for line in select * from history order by id loop
    select digest into before from history where id = line.previous_id;
    update history set digest = history_digest(line, before) where id = line.id;
  end loop;
end $$;
alter table history enable trigger history_is_append_only;
"""


def upgrade() -> None:
    op.add_column("history", sa.Column("last_id", sa.BigInteger(), nullable=True))
    op.execute(DIGEST)
    op.execute(CHAIN)
    op.execute("drop function history_digest(history, bytea)")


def downgrade() -> None:
    op.execute(AS_BEFORE)
    op.execute("drop function history_digest(history, bytea, bytea)")
    op.drop_column("history", "last_id")
    op.execute("set local statement_timeout = 0")
    op.execute(DIGESTS_AS_BEFORE)
    op.execute("set local statement_timeout = '5s'")
