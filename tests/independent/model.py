"""A second reading of the policy format and of the scenarios' text: naive, slow, sharing nothing with scheduling/.

It takes a policy and a scenario as mappings (as TOML gives them) and says what happens, one mapping a happening.
"""

from datetime import datetime

from tests.independent.clock import Mapping, is_asked_for
from tests.independent.facts import Denial, Request, Review
from tests.independent.line import Line


class Model(Line):
    def play(self) -> list[Mapping]:
        until = self.scenario.get("until")
        for event in sorted(self.scenario["event"], key=lambda event: event["at"]):
            if until and event["at"] > until:
                break
            self.pass_due_times(event["at"])
            self.now = event["at"]
            if getattr(self, "do_" + event["do"])(event):
                self.plan()
        self.pass_due_times(until)
        return self.happenings

    def pass_due_times(self, until: datetime | None) -> None:
        of_file = [denial.request for denial in self.denials.values() if denial.request and denial.request.open]
        waiting = [(due, request) for request in of_file if (due := self.ticking(request))]
        for due, request in sorted(waiting, key=lambda item: item[0]):
            if until is None or due <= until:
                self.now = max(self.now, due)
                self.overdue(request)

    def ticking(self, request: Request) -> datetime | None:
        review = request.review
        return self.due(request) if review and not review.decided and not review.overdue else None

    def overdue(self, request: Request) -> None:
        assert request.review
        request.review.overdue = True
        self.say(request.case, "review_overdue")
        if self.way(request)["deadline"].get("binding", True):
            self.say(request.case, "escalated", reason="review_overdue", cause=None)

    # ---- may it be asked for

    def refusal(self, event: Mapping, denial: Denial, request: Request) -> str | None:
        rules, facts = self.policy["eligibility"], denial.facts
        business = self.policy["plan"]["lines_of_business"]
        rule = self.policy["clinical_information"]["rule"]
        decided = denial.dates.get("initial_decision")
        is_decided = decided is None or self.clock.start_of(decided) <= request.received
        reason = facts.get("reason", "")
        open_one = denial.request is not None and denial.request.open
        used_up = 0 < rules["per_denial"] <= denial.used
        ends = [self.deadlines(request)[name] for name in ("request_by", "occur_by")]
        checks = {
            "after_decision_only": rules["timing"] == "post_denial" and not is_decided,
            "before_decision_only": rules["timing"] == "pre_denial" and is_decided,
            "decision_not_covered": facts.get("decision", "deny") not in rules["decisions"],
            "setting_not_covered": facts.get("setting", "pre_service") not in rules["settings"],
            "line_of_business_not_covered": business and facts.get("line_of_business", business[0]) not in business,
            "reason_excluded": reason in rules["excluded_reasons"]
            or (rules["only_reasons"] and reason not in rules["only_reasons"]),
            "appeal_filed": denial.appealed and not rules["after_appeal"],
            "already_requested": open_one or used_up,
            "speaker_not_eligible": not among(event.get("speaker", "physician"), rules["speakers"])
            or not among(event.get("relation", "treating"), rules["relations"]),
            "reconsideration_not_offered": request.reconsideration and not self.policy["reconsideration"]["offered"],
            "information_refused": event.get("information", False) and rule == "refused",
            "too_few_windows": len(request.windows) < self.policy["request"]["min_windows"],
            "window_closed": any(end and request.received >= end for end in ends),
        }
        return next((name for name, holds in checks.items() if holds), None)

    # ---- events: each says whether anything changed

    def do_request(self, event: Mapping) -> bool:
        denial, case = self.denials[event["case"]], event["case"]
        self.arrivals += 1
        received = event.get("received", event["at"])
        informed = received if event.get("information") or denial.sent_before else None
        asks, windows = event.get("reconsideration", False), event.get("windows", [])
        request = Request(
            case,
            received,
            self.arrivals,
            denial.facts.get("director"),
            windows,
            event.get("move_up", False),
            asks,
            informed,
        )
        reason = self.refusal(event, denial, request)
        if reason:
            self.say(case, "refused", reason=reason)
            return False
        denial.request, denial.sent_before = request, False
        self.requests.append(request)
        self.say(case, "received", place=self.place(request), **self.deadlines(request, advice=True))
        if self.lacks_a_date(request):
            self.say(case, "escalated", reason="date_unknown", cause=None)
        if request.director is None and not self.any:
            self.say(case, "escalated", reason="no_director", cause=None)
        if informed:
            self.on_information(request)
        elif self.needs_information(request):
            self.say(case, "awaiting_information")
        return True

    def place(self, request: Request) -> int | None:
        if request.director is None and not self.any:
            return None
        before = self.line(request.director)
        return 1 + sum(1 for other in before[: before.index(request)] if not other.booking)

    def lacks_a_date(self, request: Request) -> bool:
        rules = [*self.policy["request"]["deadlines"]]
        for name in ("occur_by", "sla", "target"):
            rules += self.consult[name]
        if request.reconsideration and (due := self.way(request).get("deadline")):
            rules.append(due)
        rules = [rule for rule in self.applying(rules, request) if rule.get("binding", True)]
        return any(
            self.clock.deadline(rule, self.dates(request), duty=False) is None
            and is_asked_for(rule, self.dates(request))
            for rule in rules
        )

    def on_information(self, request: Request) -> None:
        if self.policy["clinical_information"]["rule"] == "converts_to_appeal":
            self.close(request, "cancelled", reason="converted_to_appeal")
        elif request.review is None:
            self.open_review(request)

    def open_review(self, request: Request) -> None:
        kind = "reconsideration" if request.reconsideration else "brief"
        if kind == "brief" and self.policy["clinical_information"]["review"] != "brief":
            return
        request.review = Review(kind)
        due = self.due(request)
        self.say(request.case, "review_opened", kind=kind, due=due)
        if due and due <= self.now:
            self.overdue(request)

    def do_information(self, event: Mapping) -> bool:
        request, rule = self.of(event), self.policy["clinical_information"]["rule"]
        if request is None:
            self.denials[event["case"]].sent_before |= rule != "refused"
            return False
        if rule == "refused":
            self.say(request.case, "refused", reason="information_refused")
            return False
        if rule == "converts_to_appeal" and self.begun(request):
            return False
        is_first, request.informed = request.informed is None, request.informed or self.now
        self.on_information(request)
        return is_first

    def do_reconsideration(self, event: Mapping) -> bool:
        request = self.of(event)
        if request is None or request.reconsideration:
            return False
        if not self.policy["reconsideration"]["offered"]:
            self.say(request.case, "refused", reason="reconsideration_not_offered")
            return False
        request.reconsideration = True
        if request.informed:
            self.open_review(request)
        elif self.needs_information(request) and not self.begun(request):
            self.say(request.case, "awaiting_information")
        return True

    def do_review(self, event: Mapping) -> bool:
        request = self.of(event)
        if request is None or request.review is None or request.review.decided:
            return False
        request.review.decided = event["decision"]
        self.say(request.case, "review_decided", decision=event["decision"])
        is_reconsideration = request.review.kind == "reconsideration"
        if is_reconsideration and event["decision"] == "approve" and not self.begun(request):
            self.close(request, "cancelled", reason="approved_by_nurse")
        return True

    def close(self, request: Request, happens: str, **more: object) -> None:
        request.open, request.booking = False, None
        self.denials[request.case].used += happens in ("completed", "not_reached")
        self.say(request.case, happens, **more)

    def do_withdraw(self, event: Mapping) -> bool:
        request = self.of(event)
        if request is None or self.begun(request):
            return False
        self.close(request, "cancelled", reason="withdrawn_by_office")
        return True

    def do_file_appeal(self, event: Mapping) -> bool:
        denial, request = self.denials[event["case"]], self.of(event)
        is_new, denial.appealed = not denial.appealed, True
        if request is None or self.begun(request) or self.policy["eligibility"]["after_appeal"]:
            return request is not None and is_new
        self.close(request, "cancelled", reason="appeal_filed")
        return True

    def send_back(self, request: Request, reason: str, *, by_office: bool = False) -> None:
        request.booking, request.attempts, request.unplaced = None, 0, None
        if by_office and self.queue["after_office_reschedule"] == "to_the_back":
            self.arrivals += 1
            request.back, request.arrival = self.now, self.arrivals
        self.say(request.case, "returned", reason=reason)

    def do_reschedule(self, event: Mapping) -> bool:
        request = self.of(event)
        if request is None or self.begun(request):
            return False
        windows = event.get("windows", [])
        if windows != request.windows:
            request.windows, request.unplaced = windows, None
        if request.booking:
            self.send_back(request, "office_rescheduled", by_office=True)
        return True

    def do_director_off(self, event: Mapping) -> bool:
        self.directors[event["director"]].away.append((event["from"], event["to"]))
        for request in (denial.request for denial in self.denials.values() if denial.request):
            booking = request.booking if request.open else None
            if booking is None or booking.director != event["director"] or self.begun(request):
                continue
            if booking.start < event["to"] and event["from"] < booking.end:
                self.send_back(request, "director_off")
        return True

    def do_director_declines(self, event: Mapping) -> bool:
        request = self.of(event)
        if request is None or request.booking is None or self.begun(request):
            return False
        booking = request.booking
        self.directors[booking.director].away.append((booking.start, booking.end))
        self.send_back(request, "director_declined")
        return True

    def do_outcome(self, event: Mapping) -> bool:
        request = self.of(event)
        if request is None or not self.begun(request):
            return False
        changes = {"upheld", "overturned", "modified"}
        effect = self.consult["effect"]
        may = effect == "may_overturn" or (effect == "only_with_reconsideration" and request.reconsideration)
        if event["determination"] not in (changes if may else {"discussed"}) | {"plan_error"}:
            self.say(request.case, "refused", reason="outcome_not_available")
            return False
        self.close(request, "completed", determination=event["determination"])
        return True

    def do_no_show(self, event: Mapping) -> bool:
        request = self.of(event)
        if request is None or not self.begun(request):
            return False
        if event["by"] == "director":
            self.send_back(request, "director_absent")
            return True
        request.attempts += 1
        if request.attempts < self.policy["contact"]["attempts"]:
            return True
        request.missed += 1
        if request.missed >= self.policy["contact"]["missed_consults"]:
            self.close(request, "not_reached")
        else:
            self.send_back(request, "office_absent", by_office=True)
        return True

    def do_office_accepts_peer(self, event: Mapping) -> bool:
        request = self.of(event)
        if request is None or not request.offer_open or self.begun(request) or not self.is_ready(request):
            return False
        request.offer_open = False
        found = self.opening(request, [request.offered or ""], before=self.binding(request))
        if found:
            self.take(request, found, "moved" if request.booking else "booked")
        return True

    def do_office_declines_peer(self, event: Mapping) -> bool:
        request = self.of(event)
        if request is None or self.begun(request):
            return False
        if request.offer_open:
            request.offer_open, request.declined_peer = False, True
            return True
        given = self.policy["director"]["fallback"] == "designated_peer" and not self.any
        if not given or request.booking is None or request.booking.director == request.director:
            return False
        request.declined_peer = True
        self.send_back(request, "office_declined_peer")
        return True

    def do_reassign(self, event: Mapping) -> bool:
        request = self.of(event)
        if request is None or self.begun(request) or request.director == event["director"]:
            return False
        request.director, request.unplaced = event["director"], None
        self.denials[request.case].facts["director"] = event["director"]
        if request.booking:
            self.send_back(request, "reassigned")
        return True

    def do_date(self, event: Mapping) -> bool:
        denial, request = self.denials[event["case"]], self.of(event)
        was = denial.dates.get(event["name"])
        denial.dates[event["name"]] = event["value"]
        if request and (due := self.ticking(request)) and due <= self.now:
            self.overdue(request)
        return request is not None and was != event["value"]


def among(word: str, words: list[str]) -> bool:
    return not words or word in words
