"""Plans and people that several tests are about."""

from tests.scheduling.build import director

#: a day for the plan to hold the talk
SLA = "consult = { sla = [{ within = 1, unit = 'business_days', of = 'request_received' }] }\n"
#: an hour after the request
HOUR = "{ within = 1, unit = 'hours', of = 'request_received' }"

#: as the guidance of North Carolina
NC = """
clinical_information = { rule = "required" }
consult = { effect = "only_with_reconsideration" }
[reconsideration]
offered = true
emergent = { deadline = { within = 2, unit = "calendar_days", of = "request_complete" } }
[reconsideration.elective]
deadline = { within = 2, unit = "business_days", of = "request_complete" }
consult = "booked_after_due"
"""
AFTER_REVIEW = NC.replace("booked_after_due", "after_review")
BRIEFS = 'clinical_information = { review = "brief" }\nreconsideration = { offered = true }'


def peers(fallback: str = "designated_peer", more: str = "") -> str:
    """Write a plan that has a peer stand in, or offered, where the denying director has no time within a day."""
    return f"{SLA}director = {{ fallback = '{fallback}' {more} }}"


#: the denying director has time on Wednesday, after the deadline; two peers before it
DENYING = director(0, {"wed": ["09:00-10:00"]}, peers=(2, 1))
FIRST_PEER = director(2, {"tue": ["09:00-10:00"]})
OTHER_PEER = director(1, {"mon": ["11:00-12:00"]})
PEERS = [DENYING, OTHER_PEER, FIRST_PEER]
