"""One Da Vinci PAS response bundle: its resources, what the plan did with each item, and the denial that makes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app import npi
from app.denials.fhir_json import Node, kind
from app.denials.records import (
    DATE_OR_INSTANT,
    LONGEST_LINE,
    LONGEST_TEXT,
    Given,
    NewDenial,
    Problem,
    case_number_fault,
    read_date,
    read_date_or_instant,
)
from scheduling.values import Decision, Setting, Urgency

PAS = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-"
NPI_SYSTEM = "http://hl7.org/fhir/sid/us-npi"
#: X12 code list 306, the review actions: what each is, and what it makes of the request
ACTIONS: dict[str, tuple[str, Decision | None]] = {
    "A1": ("certified in total, an approval", None),
    "A2": ("certified in part", Decision.MODIFY),
    "A3": ("not certified", Decision.DENY),
    "A4": ("pended, not decided yet", None),
    "A6": ("modified", Decision.MODIFY),
    "C": ("cancelled", None),
    "CT": ("contact the payer", None),
    "NA": ("no action required", None),
}
STATUSES = ("active", "cancelled", "draft", "entered-in-error")
#: what a response is used for, and when the plan decided, seen from the service
USES = {
    "preauthorization": Setting.PRE_SERVICE,
    "predetermination": Setting.PRE_SERVICE,
    "claim": Setting.RETROSPECTIVE,
}
REVIEW_ACTION = f"an extension {PAS}reviewAction with a reviewActionCode of X12 code list 306"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Action:
    """What the plan did with one item, as one review action says."""

    item: Node
    code: str
    number: str
    reasons: tuple[tuple[str, str], ...]
    "code and words"

    @property
    def decision(self) -> Decision | None:
        return ACTIONS[self.code][1]


class Bundle:
    """One bundle while it is read: its resources, and what is wrong with it or worth knowing."""

    def __init__(self, value: object, given: Given) -> None:
        self.given = given
        self.problems: list[Problem] = []
        self.notes: list[Problem] = []
        self.resources: dict[str, list[Node]] = {}
        self.responses: list[Node] = []
        if isinstance(value, dict):
            self._index(Node(value, "Bundle", self.problems))
        else:
            self.problems.append(Problem("Bundle", f"found {kind(value)}; expected an object, a FHIR Bundle"))

    def _index(self, bundle: Node) -> None:
        if bundle.text("resourceType", "'Bundle'") not in ("Bundle", ""):
            bundle.fault("resourceType", "found another resource; expected 'Bundle'")
            return
        if "timestamp" not in bundle.value:
            self._note(bundle, "is missing, though the profile asks for it; it is not needed", "timestamp")
        for entry in bundle.nodes("entry", "the ClaimResponse and what it refers to"):
            resource = entry.node("resource", "a resource")
            if resource is None:
                continue
            type_ = resource.text("resourceType", "the name of a resource, such as ClaimResponse")
            names = {entry.text("fullUrl"), f"{type_}/{resource.text('id')}"}
            for name in names - {"", f"{type_}/"}:
                self.resources.setdefault(name, []).append(resource)
            if type_ == "ClaimResponse":
                self.responses.append(resource)
        if len(self.responses) != 1 and "entry" in bundle.value:
            bundle.fault("entry", f"holds {len(self.responses) or 'no'} ClaimResponse; expected exactly one")

    def denial(self) -> NewDenial | None:
        """Read the response; None where it tells of no denial, or a problem was found."""
        if len(self.responses) != 1:
            return None
        response = self.responses[0]
        live = self._is_live(response)
        items = [*response.nodes("item"), *response.nodes("addItem")]
        if not items and not {"item", "addItem"} & set(response.value):
            response.fault("item", f"is missing; expected the items decided on, each with {REVIEW_ACTION}")
        actions = [action for item in items for action in self._actions(item)]
        adverse = [action for action in actions if action.decision]
        values = self._facts(response, adverse)
        if not live or self.problems:
            return None
        if not adverse:
            words = dict.fromkeys(f"{ACTIONS[action.code][0]} ({action.code})" for action in actions)
            self._note(response, f"is no denial: {', '.join(words)}; nothing is stored")
            return None
        return NewDenial(**values)

    def _note(self, node: Node, message: str, name: str = "") -> None:
        self.notes.append(Problem(f"{node.path}.{name}" if name else node.path, message))

    def _is_live(self, response: Node) -> bool:
        """Tell whether the response counts: a cancelled or mistaken one decides nothing."""
        status = response.text("status", one_of_these := f"one of {', '.join(STATUSES)}")
        if status and status not in STATUSES:
            response.fault("status", f"found another word; expected {one_of_these}")
        elif status and status != "active":
            self._note(response, f"is no denial: its status is {status}; nothing is stored", "status")
        return status == "active"

    def _facts(self, response: Node, adverse: Sequence[_Action]) -> dict[str, Any]:
        """Read what a denial needs, whatever the decision: all that is missing is named at once."""
        given = self.given
        reasons = [reason for action in adverse for reason in action.reasons]
        denied = any(action.decision is Decision.DENY for action in adverse)
        return {
            "plan": given.plan,
            "case_number": self._case_number(response, adverse),
            "director_npi": given.director_npi,
            "decision": Decision.DENY if denied else Decision.MODIFY,
            "setting": self._setting(response),
            "urgency": given.urgency or Urgency.ELECTIVE,
            "line_of_business": given.line_of_business,
            "dates": self._dates(response, adverse),
            "service": self._service(adverse),
            "reason": next((code for code, _ in reasons if code), ""),
            "reason_text": self._reason_text(response, reasons),
            **self._member(response),
            **self._requester(response),
        }

    def _actions(self, item: Node) -> list[_Action]:
        """Read the review actions of an item; an item without one is a problem."""
        found = []
        for adjudication in item.nodes("adjudication", REVIEW_ACTION):
            for action in adjudication.extensions(f"{PAS}reviewAction"):
                code = self._action_code(action)
                numbers = [part.text("valueString", "the number") for part in action.extensions("number")]
                reasons = [
                    words
                    for part in action.extensions("reasonCode")
                    if (words := self._coded(part.node("valueCodeableConcept", "the reason"))) != ("", "")
                ]
                if code:
                    found.append(_Action(item=item, code=code, number=next(iter(numbers), ""), reasons=tuple(reasons)))
        if not found and isinstance(item.value.get("adjudication"), list):
            item.fault("adjudication", f"has no review action that can be read; expected {REVIEW_ACTION}")
        for reference in self._providers(item):
            self._resolve(reference, needed=False)
        return found

    def _providers(self, item: Node) -> list[Node]:
        return [
            reference
            for extension in item.extensions(f"{PAS}itemAuthorizedProvider")
            for part in extension.extensions("provider")
            if (reference := part.node("valueReference", "a reference"))
        ]

    def _action_code(self, action: Node) -> str:
        parts = action.extensions(f"{PAS}reviewActionCode")
        if not parts:
            action.fault("extension", f"has no {PAS}reviewActionCode; expected {REVIEW_ACTION}")
        for part in parts:
            concept = part.node("valueCodeableConcept", "a code of X12 code list 306")
            for coding in concept.nodes("coding", "a code of X12 code list 306") if concept else ():
                system = coding.text("system", "the address of X12 code list 306, which ends in /306")
                code = coding.text("code", f"one of {', '.join(ACTIONS)}")
                if system and not system.endswith("/306"):
                    coding.fault("system", "found another code list; expected that of X12 code list 306")
                elif code and code not in ACTIONS:
                    coding.fault("code", f"found another code; expected one of {', '.join(ACTIONS)}")
                elif code:
                    return code
        return ""

    def _coded(self, concept: Node | None) -> tuple[str, str]:
        """Return code and words of a coded value; empty where it has none."""
        if concept is None:
            return "", ""
        codings = [(coding.text("code"), coding.text("display")) for coding in concept.nodes("coding")]
        code = next((code for code, _ in codings if code), "")
        words = concept.text("text", longest=LONGEST_TEXT) or next((display for _, display in codings if display), "")
        return code, words or code

    def _case_number(self, response: Node, adverse: Sequence[_Action]) -> str:
        """Take the number of the decision, else the pre-authorization's, else the response's own."""
        identifiers = [identifier.text("value") for identifier in response.nodes("identifier")]
        numbers = {action.number for action in adverse} - {""}
        by_name = {
            "item.adjudication.extension(reviewAction).number": numbers.pop() if len(numbers) == 1 else "",
            "preAuthRef": response.text("preAuthRef"),
            "identifier.value": next((value for value in identifiers if value), ""),
        }
        name = next((name for name, number in by_name.items() if number), "")
        if not name:
            response.fault("identifier", "no number is found; expected the case number in one of " + ", ".join(by_name))
        elif fault := case_number_fault(by_name[name]):
            response.fault(name, fault)
        elif adverse and name != next(iter(by_name)):
            self._note(response, f"the review action names no one number, so the case number is that of {name}")
        return by_name.get(name, "")

    def _setting(self, response: Node) -> Setting | None:
        """Tell when the plan decided from what the response is used for, unless the command line says it."""
        use = response.text("use", f"one of {', '.join(USES)}")
        if use and use not in USES:
            response.fault("use", f"found another word; expected one of {', '.join(USES)}")
        return self.given.setting or USES.get(use)

    def _dates(self, response: Node, adverse: Sequence[_Action]) -> dict[str, str]:
        """Read the day of the decision (the items' issue date, else when the response was made) and of the service."""
        issued = [self._date(action.item, "itemPreAuthIssueDate") for action in adverse]
        served = [self._date(action.item, "itemRequestedServiceDate") for action in adverse]
        created = self._when(response, "created")
        if "created" not in response.value:
            if any(issued):
                self._note(response, "is missing, though the profile asks for it; the issue date was taken", "created")
            else:
                response.fault("created", f"is missing; expected {DATE_OR_INSTANT}: when the plan decided")
        service = min(filter(None, served), default="")
        found = {"initial_decision": max(issued, default="") or created, "service": service}
        return {name: value for name, value in found.items() if value}

    def _date(self, item: Node, name: str) -> str:
        found = [""]
        for extension in item.extensions(PAS + name):
            found.append(self._when(extension, "valueDate"))
            if period := extension.node("valuePeriod"):
                found.append(self._when(period, "start"))
            if not {"valueDate", "valuePeriod"} & set(extension.value):
                extension.fault("valueDate", "is missing; expected a date such as 2026-03-02, or valuePeriod")
        return max(found)

    def _when(self, node: Node, name: str) -> str:
        text = node.text(name)
        try:
            return read_date_or_instant(text) if text else ""
        except ValueError as error:
            node.fault(name, str(error))
            return ""

    def _service(self, adverse: Sequence[_Action]) -> str:
        """Name what was asked for in each item that was not certified."""
        found: list[str] = []
        for item in {action.item.path: action.item for action in adverse}.values():
            concepts = [item.node("productOrService")]
            for extension in item.extensions(f"{PAS}itemAuthorizedDetail"):
                parts = extension.extensions("productOrServiceCode")
                concepts += [part.node("valueCodeableConcept", "a code of the service") for part in parts]
            pairs = [self._coded(concept) for concept in concepts]
            words = [text if text == code or not code else f"{text} ({code})" for code, text in pairs if text]
            if not words:
                self._note(item, "names no service; the case says so")
            found.append("; ".join(words) or f"Item {len(found) + 1} (the plan's response names no service)")
        return "; ".join(dict.fromkeys(found))[:LONGEST_TEXT]

    def _reason_text(self, response: Node, reasons: Sequence[tuple[str, str]]) -> str:
        notes = [note.text("text", "the note", longest=LONGEST_TEXT) for note in response.nodes("processNote")]
        texts = [*(words for _, words in reasons), response.text("disposition", longest=LONGEST_TEXT), *notes]
        return "\n".join(dict.fromkeys(filter(None, texts)))[:LONGEST_TEXT]

    def _member(self, response: Node) -> dict[str, Any]:
        """Read the patient: name and number must be there."""
        reference = response.node("patient", "a reference to a Patient of the bundle")
        patient = self._resolve(reference, needed=True, types=("Patient",)) if reference else None
        if patient is None:
            return {"member_name": "", "member_id": ""}
        numbers: list[tuple[bool, str]] = []
        for identifier in patient.nodes("identifier", "the member's number"):
            value = identifier.text("value", "the member's number")
            kind_ = self._coded(identifier.node("type"))[0]
            numbers.append((kind_ != "MB", value))
        born = None
        try:
            text = patient.text("birthDate")
            born = read_date(text) if text else None
        except ValueError as error:
            patient.fault("birthDate", str(error))
        name = self._name(patient, needed=True)
        return {
            "member_name": name,
            "member_id": min(numbers, key=lambda pair: pair[0], default=(True, ""))[1],
            "member_birth_date": born,
        }

    def _name(self, person: Node, *, needed: bool) -> str:
        """Return the first name of a person that says something."""
        expected = "text, or given and family" if needed else ""
        for name in person.nodes("name", expected):
            parts = " ".join(filter(None, [*name.texts("given"), name.text("family")]))
            if words := name.text("text") or parts:
                if len(words) > LONGEST_LINE:
                    name.fault("", f"found {len(words):,} characters; at most {LONGEST_LINE:,} can be kept")
                return words
            if needed:
                name.fault("text", "is missing; expected the name as text, or as given and family")
        return ""

    def _requester(self, response: Node) -> dict[str, str]:
        """Read who asked: a Practitioner, an Organization, or the one in a PractitionerRole."""
        reference = response.node("requestor")
        if reference is None and "requestor" not in response.value:
            self._note(response, "is missing, though the profile asks for it; the case names no requester", "requestor")
        insurer = response.node("insurer")
        if insurer:
            self._resolve(insurer, needed=False, types=("Organization",))
        who = self._resolve(reference, needed=False) if reference else None
        if who and who.value.get("resourceType") == "PractitionerRole":
            inner = who.node("practitioner") or who.node("organization")
            who = self._resolve(inner, needed=False) if inner else None
        if who is None:
            return {}
        is_person = who.value.get("resourceType") == "Practitioner"
        return {
            "requester_name": self._name(who, needed=False) if is_person else who.text("name"),
            "requester_npi": self._npi(who),
        }

    def _npi(self, who: Node) -> str:
        for identifier in who.nodes("identifier"):
            if identifier.text("system") == NPI_SYSTEM:
                value = identifier.text("value", "an NPI")
                if npi.is_npi(value):
                    return value
                self._note(identifier, "is no NPI (ten digits, the last one a check digit) and is left out", "value")
        return ""

    def _resolve(self, reference: Node, *, needed: bool, types: Sequence[str] = ()) -> Node | None:
        """Find the resource that is referred to; a missing one is a problem where it is needed, else a note."""
        name = reference.text("reference", "the address of a resource of this bundle")
        if not name:
            return None
        found = self.resources.get(name, [])
        wanted = " or ".join(types) or "resource"
        if not found and needed:
            reference.fault("reference", f"the {wanted} it refers to is missing; expected it as an entry of the bundle")
        elif not found:
            self._note(reference, f"the {wanted} it refers to is missing; it is not needed", "reference")
        elif len(found) > 1:
            reference.fault("reference", "two entries have the address it refers to; expected one")
        elif types and found[0].value.get("resourceType") not in types:
            reference.fault("reference", f"refers to another resource; expected {wanted}")
        else:
            return found[0]
        return None
