"""Draws policies and scenarios as mappings, such as a TOML file gives them; scarce, so that rules meet one another."""

from datetime import date, datetime, time, timedelta, timezone
from random import Random
from typing import Any

Mapping = dict[str, Any]

ZONES = ["America/Los_Angeles", "America/New_York", "Asia/Kolkata", "Pacific/Honolulu", "Australia/Lord_Howe"]
WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
#: a week of its own for each: an ordinary one, and those in which the clocks change in America and on Lord Howe Island
MONDAYS = [date(2026, 5, 11), date(2026, 3, 2), date(2026, 10, 26), date(2026, 3, 30)]
DATES = ["initial_decision", "letter", "written_notice", "discharge", "notice_deadline", "decision_due"]
CASES = ["A", "B", "C", "D", "E"]
OFFSETS = [timezone(timedelta(hours=hours)) for hours in (-8, -5, 0, 5.5)]


class Drawer:
    """One policy with one scenario, drawn from chance."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.monday = rng.choice(MONDAYS)
        self.names = ["lee", "ruiz", "osei"][: rng.randint(1, 3)]
        #: little is refused, and all want the same few times
        self.crowded = rng.random() < 0.6

    def maybe(self, chance: float = 0.5) -> bool:
        return self.rng.random() < chance

    def some(self, words: list[Any], most: int = 9) -> list[Any]:
        return self.rng.sample(words, self.rng.randint(1, min(most, len(words))))

    def keys(self, **choices: list[Any]) -> Mapping:
        """Some of the keys, each with one of its values."""
        return {name: self.rng.choice(values) for name, values in choices.items() if self.maybe(0.4)}

    def instant(self, first: int = 0, last: int = 8) -> datetime:
        """An instant from the first to the last day of the fortnight, sometimes at a telling moment."""
        day = self.monday + timedelta(days=self.rng.randint(first, last))
        clock = self.rng.choice([time(0), time(9), time(17), time(self.rng.randint(0, 23), self.rng.randint(0, 59))])
        return datetime.combine(day, clock, self.rng.choice(OFFSETS))

    def moment(self) -> datetime | date:
        return self.instant(-3, 10).date() if self.maybe(0.3) else self.instant(-3, 10)

    def windows(self) -> list[Mapping]:
        if self.maybe(0.8 if self.crowded else 0.5):
            return []
        starts = [self.instant(0, 9) for _ in range(self.rng.randint(1, 2))]
        return [{"from": at, "to": at + timedelta(minutes=self.rng.choice([20, 300, 2000, 9000]))} for at in starts]

    # ---- the policy

    def policy(self) -> Mapping:
        rng = self.rng
        plan = {
            "time_zone": rng.choice(ZONES),
            "holidays": [self.monday + timedelta(days=rng.randint(0, 9)) for _ in range(rng.randint(0, 2))],
        } | self.keys(
            lines_of_business=[["hmo"], ["hmo", "ppo"]],
            business_days=[WEEK[:6], WEEK, ["tue", "thu"]],
            business_hours=[{"from": "10:00", "to": "15:30"}, {"from": "00:00", "to": "24:00"}],
        )
        return {
            "id": "drawn",
            "name": "Drawn",
            "plan": plan,
            "eligibility": self.keys(
                decisions=[["deny", "delay"]],
                settings=[["pre_service", "concurrent"]],
                timing=["post_denial", "post_denial", "pre_denial"],
                speakers=[["physician"]],
                relations=[["treating", "covering"]],
                after_appeal=[False],
                per_denial=[1, 2],
                excluded_reasons=[["coding"]],
            )
            if self.maybe(0.3) and not self.crowded
            else {},
            "request": {}
            if self.crowded
            else {"min_windows": int(self.maybe(0.3)), "deadlines": self.deadlines(0.4, right=True)},
            "consult": self.consult(),
            "queue": self.keys(
                place_from=["request_complete"],
                after_office_reschedule=["to_the_back"],
                urgent_first=[True],
                move_up=["never"],
                move_up_notice_minutes=[0, 1440],
            ),
            "director": self.keys(assignment=["same", "same", "any"])
            | ({"fallback": rng.choice(["designated_peer", "office_choice"])} if self.maybe(0.7) else {}),
            "clinical_information": self.keys(
                rule=["required"] * 4 + ["refused", "converts_to_appeal"], review=["brief"]
            ),
            "reconsideration": self.reconsideration(),
            "contact": self.keys(attempts=[1], missed_consults=[1, 3]),
        }

    def consult(self) -> Mapping:
        rules = self.keys(
            duration_minutes=[20, 45],
            buffer_minutes=[10, 30],
            start_every_minutes=[20, 30, 60],
            notice_minutes=[0, 600],
            hours=[{day: ["08:00-11:00", "13:00-24:00"] for day in WEEK}],
            effect=["only_with_reconsideration", "informational"],
        )
        lists = {name: self.deadlines(0.5, right=name == "occur_by") for name in ("occur_by", "sla", "target")}
        if self.crowded and self.maybe():
            unit = self.rng.choice(["calendar_days", "business_days"])
            lists["sla"] = [{"within": self.rng.randint(1, 4), "unit": unit, "of": "request_received"}]
        return rules | {name: rules for name, rules in lists.items() if rules}

    def reconsideration(self) -> Mapping:
        if self.maybe(0.25):
            return {}
        ways = {}
        for urgency in ("emergent", "elective"):
            ways[urgency] = self.keys(consult=["meanwhile", "booked_after_due", "after_review"])
            if self.maybe(0.8):
                ways[urgency]["deadline"] = self.deadline(right=False)
        return {"offered": True, **ways}

    def deadlines(self, chance: float, *, right: bool) -> list[Mapping]:
        return [self.deadline(right=right) for _ in range(self.rng.randint(1, 2))] if self.maybe(chance) else []

    def deadline(self, *, right: bool, inside: bool = False) -> Mapping:
        forms = ["within"] * 5 + ["before", "by", *([] if inside else ["latest"])]
        form = self.rng.choice(forms)
        if form == "within":
            rule = self.within(right=right)
        elif form == "latest":
            inner = [self.deadline(right=right, inside=True) for _ in range(self.rng.randint(1, 3))]
            rule = {"latest": inner}
        else:
            rule = {form: self.rng.choice(DATES)}
        if not inside and self.maybe(0.1):
            rule["binding"] = False
        return rule | (self.keys(settings=[["concurrent"]], urgency=[["emergent"]]) if self.maybe(0.2) else {})

    def within(self, *, right: bool) -> Mapping:
        most = {"minutes": 3000, "hours": 100, "business_day_hours": 72, "calendar_days": 8, "business_days": 6}
        unit = self.rng.choice(list(most))
        named = ["request_received", "request_complete"] if self.maybe(0.2 if right else 0.7) else DATES
        of = self.rng.choice(named) if self.maybe(0.7) else self.some([*DATES, "request_complete"], 3)
        rule = {"within": self.rng.randint(0, most[unit]), "unit": unit, "of": of}
        return rule | ({"unknown": "wait"} if self.maybe(0.15) else {})

    # ---- the scenario

    def scenario(self, policy: Mapping) -> Mapping:
        asked = self.some(CASES)
        events = [self.request(case) for case in asked]
        events += [self.event(asked) for _ in range(self.rng.randint(3, 16))]
        wanted = {"policy": policy["id"], "director": [self.director(name) for name in self.names]}
        return wanted | {"denial": [self.denial(case) for case in CASES], "event": events}

    def director(self, name: str) -> Mapping:
        away = [self.interval()] if self.maybe(0.3) else []
        peers = [other for other in self.names if other != name]
        spans = [["09:00-10:00"], ["08:30-09:30", "13:00-14:00"], ["22:00-24:00"], ["00:00-03:30"], ["09:00-17:00"]]
        if self.crowded:
            days, spans = self.some(WEEK, 3), [["09:00-10:00"], ["10:00-11:30"], ["16:00-17:00"]]
        else:
            days = self.some(WEEK)
        return {
            "id": name,
            "time_zone": self.rng.choice(ZONES),
            "hours": {day: self.rng.choice(spans) for day in days},
            "peers": self.rng.sample(peers, len(peers)) if self.maybe(0.8) else [],
            "lines_of_business": self.some(["hmo", "ppo"]) if self.maybe(0.3) else [],
            "time_off": away,
        }

    def interval(self) -> Mapping:
        start = self.instant()
        return {"from": start, "to": start + timedelta(hours=self.rng.choice([2, 24, 80]))}

    def denial(self, case: str) -> Mapping:
        names = self.names[:1] if self.crowded else self.names
        facts = {"case": case} | ({"director": self.rng.choice(names)} if self.maybe(0.95) else {})
        facts |= {name: self.moment() for name in DATES if self.maybe(0.6)}
        return facts | self.keys(
            urgency=["emergent"] * 2,
            setting=["concurrent"] * 3 + ["retrospective"],
            decision=["delay"] * 3 + ["modify"],
            line_of_business=["hmo"] * 3 + ["ppo"],
            reason=["medical necessity"] * 3 + ["coding"],
        )

    def request(self, case: str, last: int = 2) -> Mapping:
        at = self.instant(0, last)
        event = {"at": at, "do": "request", "case": case, "windows": self.windows()}
        event |= {
            name: True
            for name, chance in (("reconsideration", 0.4), ("information", 0.5), ("move_up", 0.7))
            if self.maybe(chance)
        }
        if self.maybe(0.1):
            event["received"] = at - timedelta(minutes=self.rng.randint(0, 3000))
        return event | (self.keys(speaker=["pharmacist"], relation=["attending"]) if self.maybe(0.1) else {})

    def event(self, asked: list[str]) -> Mapping:
        kinds = ["information", "reconsideration", "review", "review", "withdraw", "reschedule", "file_appeal"]
        kinds += (
            ["director_off", "director_declines"] * 2 + ["reassign", "date", "request"] + ["outcome", "no_show"] * 4
        )
        do = self.rng.choice([*kinds, *["office_accepts_peer", "office_declines_peer"] * 2])
        if self.crowded and self.maybe():
            do = self.rng.choice(["withdraw", "director_declines", "office_accepts_peer", "office_declines_peer"])
        case, at = self.rng.choice([*asked, *asked, *CASES]), self.instant(0, 11 if self.maybe() else 3)
        if do == "request":
            return self.request(case, 9)
        if do == "director_off":
            return {"at": at, "do": do, "director": self.rng.choice(self.names), **self.interval()}
        return {"at": at, "do": do, "case": case, **self.details(do)}

    def details(self, do: str) -> Mapping:
        if do == "date":
            return {"name": self.rng.choice(DATES), "value": self.moment()}
        if do == "reschedule":
            return {"windows": self.windows()}
        words = {
            "review": ("decision", ["approve", "not_approved"]),
            "outcome": ("determination", ["upheld", "overturned", "discussed", "plan_error"]),
            "no_show": ("by", ["office", "office", "director"]),
            "reassign": ("director", self.names),
        }
        return {words[do][0]: self.rng.choice(words[do][1])} if do in words else {}
