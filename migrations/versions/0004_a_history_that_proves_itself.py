"""The history holds what a verifier needs, of directors' time too, and each row a digest over itself and the row before."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

#: what a digest is made of; jsonb writes the same content the same way, nulls and quotes included
DIGEST = """
create function history_digest(line history, before bytea) returns bytea language sql stable as $$
  select sha256(convert_to(jsonb_build_array(
    line.id, line.denial_id, line.consult_id, line.director_id, extract(epoch from line.at), line.what, line.details,
    line.actor, line.standing, line.seen, line.previous_id, line.xact, encode(before, 'hex'))::text, 'UTF8'))
$$;
"""

CHAIN = """
create function chain_history() returns trigger language plpgsql as $$
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
create trigger history_is_chained before insert on history for each row execute function chain_history();
"""

#: rows from before: chained in their order, without a transaction
CHAIN_WHAT_IS_THERE = """
do $$
declare
  line history;
  before record;
begin
  for line in select * from history order by id loop
    select id, digest into before from history
      where denial_id = line.denial_id and id < line.id order by id desc limit 1;
    line.previous_id := before.id;
    update history set previous_id = before.id, digest = history_digest(line, before.digest) where id = line.id;
  end loop;
end $$;
"""

CONSULTS = """
select c.*, d.urgency, d.line_of_business, d.applies_to ->> 'state' as licence_state,
  r.due_at as review_due, r.decision as review_decision, b.director_id as booked_with,
  lower(b.during) as booked_from, upper(b.during) as booked_until
from consult c join denial d on d.id = c.denial_id
left join booking b on b.consult_id = c.id and b.released_at is null
left join review r on r.consult_id = c.id
where c.closed_at is null order by c.id
"""


def upgrade() -> None:
    op.alter_column("history", "denial_id", nullable=True)
    op.add_column("history", sa.Column("director_id", sa.BigInteger(), nullable=True))
    op.add_column("history", sa.Column("standing", postgresql.JSONB(), nullable=True))
    op.add_column("history", sa.Column("seen", sa.Text(), nullable=True))
    op.add_column("history", sa.Column("previous_id", sa.BigInteger(), nullable=True))
    op.add_column("history", sa.Column("xact", sa.BigInteger(), nullable=True))
    op.add_column("history", sa.Column("digest", sa.LargeBinary(), nullable=True))
    op.create_foreign_key(op.f("fk_history_director_id"), "history", "director", ["director_id"], ["id"])
    op.create_check_constraint(op.f("ck_history_about_one"), "history", "num_nonnulls(denial_id, director_id) = 1")
    op.create_check_constraint(
        op.f("ck_history_consult_has_denial"), "history", "consult_id is null or denial_id is not null"
    )
    op.drop_index(op.f("ix_history_denial_id"), "history")
    op.create_index("ix_history_case", "history", ["denial_id", "id"])
    op.create_index(
        "ix_history_director",
        "history",
        ["director_id", "id"],
        postgresql_where=sa.text("director_id is not null"),
    )
    op.execute("set local statement_timeout = 0")  # as long as the history is; nobody else can write it meanwhile
    op.execute("alter table history disable trigger history_is_append_only")
    op.execute(DIGEST)
    op.execute(CHAIN_WHAT_IS_THERE)
    op.execute("alter table history enable trigger history_is_append_only")
    op.alter_column("history", "digest", nullable=False)
    op.execute(CHAIN)
    put_on_record()
    op.execute("set local statement_timeout = '5s'")


def put_on_record() -> None:
    """Write down how each director and each open request stands, as found: what came before has no such rows."""
    bind = op.get_bind()
    rows = [{"director_id": person.id, "what": "director_time", "standing": of_director(person)} for person in people()]
    rows += [
        {"denial_id": row.denial_id, "consult_id": row.id, "what": "as_found", "standing": of_consult(row)}
        for row in bind.execute(sa.text(CONSULTS))
    ]
    history = sa.table(
        "history",
        *(sa.column(name) for name in ("denial_id", "consult_id", "director_id", "at", "what", "actor")),
        sa.column("details", postgresql.JSONB()),
        sa.column("standing", postgresql.JSONB()),
    )
    for row in rows:
        bind.execute(sa.insert(history).values(**row, at=sa.func.now(), details={}, actor="system"))


def people() -> list[sa.Row]:
    return list(op.get_bind().execute(sa.text("select * from director order by id")))


def of_director(person: sa.Row) -> dict[str, object]:
    def found(query: str) -> list[sa.Row]:
        return list(op.get_bind().execute(sa.text(query), {"id": person.id}))

    week: dict[str, list[object]] = {}
    for row in found("select * from director_hours where director_id = :id order by weekday, starts"):
        week.setdefault(str(row.weekday), []).append(clock(row))
    days: dict[str, list[object]] = {}
    for row in found("select * from director_day where director_id = :id order by on_date, starts"):
        days.setdefault(row.on_date.isoformat(), []).extend([clock(row)] if row.starts is not None else [])
    off = found(
        "select lower(during) as start, upper(during) as until, kind from director_off"
        " where director_id = :id and upper(during) > now()"
    )
    peers = found("select peer_id from director_peer where director_id = :id order by rank")
    return {
        "zone": person.time_zone,
        "week": week,
        "exceptions": days,
        "off": sorted([instant(row.start), instant(row.until), row.kind] for row in off),
        "peers": [row.peer_id for row in peers],
        "lines_of_business": sorted(person.lines_of_business),
        "specialties": sorted(person.specialties),
        "licence_states": sorted(person.licence_states),
        "max_a_day": person.max_a_day,
        "active": person.active,
    }


def clock(row: sa.Row) -> list[str | None]:
    return [row.starts.isoformat(), None if row.ends is None else row.ends.isoformat()]


def of_consult(row: sa.Row) -> dict[str, object]:
    deadlines = {"occur_by": row.occur_by, "sla": row.sla_due, "target": row.target_due}
    binding = [at for name, at in deadlines.items() if at is not None and name not in row.advisory_deadlines]
    windows = op.get_bind().execute(
        sa.text("select lower(w) as start, upper(w) as until from consult, unnest(windows) w where id = :id"),
        {"id": row.id},
    )
    booked = [row.booked_with, instant(row.booked_from), instant(row.booked_until)]
    return {
        "status": row.status,
        "rulebook": f"{row.policy_id}@{row.policy_hash[:12]}",
        "director": row.director_id,
        "urgency": row.urgency,
        "received": instant(row.received_at),
        "complete": instant(row.complete_at),
        "place_at": instant(row.place_at),
        "arrival": row.arrival,
        "windows": [[instant(window.start), instant(window.until)] for window in windows],
        "move_up": row.move_up,
        "reconsideration": row.reconsideration,
        "review_due": instant(row.review_due),
        "review_decision": row.review_decision,
        "deadline": instant(min(binding, default=None)),
        "booking": booked if row.booked_with is not None else None,
        "unplaced": row.unplaced_reason,
        "peer_offer": row.peer_offer_director_id,
        "peer_answer": row.peer_offer_answer,
        "peer_declined": row.peer_declined,
        "specialty": row.speaker_specialty,
        "line_of_business": row.line_of_business,
        "licence_state": row.licence_state or "",
        "closed_reason": row.closed_reason,
    }


def instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def downgrade() -> None:
    op.execute("drop trigger history_is_chained on history")
    op.execute("drop function chain_history()")
    op.execute("drop function history_digest(history, bytea)")
    op.execute("alter table history disable trigger history_is_append_only")
    op.execute("delete from history where director_id is not null or what = 'as_found'")
    op.execute("alter table history enable trigger history_is_append_only")
    op.drop_index("ix_history_director", "history")
    op.drop_index("ix_history_case", "history")
    op.create_index(op.f("ix_history_denial_id"), "history", ["denial_id"])
    op.drop_constraint(op.f("ck_history_consult_has_denial"), "history")
    op.drop_constraint(op.f("ck_history_about_one"), "history")
    for column in ("digest", "xact", "previous_id", "seen", "standing", "director_id"):
        op.drop_column("history", column)
    op.alter_column("history", "denial_id", nullable=False)
