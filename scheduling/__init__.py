"""The rules of Peerline: pure functions over values. Start reading here.

The words, each for one thing, here and everywhere else in the code:

case            one service, one denial, everything that happens to it
denial          an adverse determination: the plan denied, delayed or modified what was asked for
denying director    the medical director of the plan who decided; with whom the consult is
designated peer     another director who may stand in where the policy lets him
office          the treating side: whoever asks for the consult
speaker         the physician of the office who will talk
consult         the talk between speaker and director, and the request for it
window          when the speaker can talk, as the office says
opening         when a director can talk and is not taken: inside his hours, on the grid, not off
booking         the time of one consult with one director
queue, line     the requests that wait for one director (with `assignment = "any"`: for the plan)
place           where a request stands in its queue; written once, moved only by what the policy names
ready           nothing that a person has to do first (information, a nurse's decision) keeps it from being booked
unplaced        ready, and no opening fits
returned        its booking is gone, it is back in line
pre-review      a nurse's look at the case before the talk: to decide a reconsideration or to prepare a brief
reconsideration     the office asks that the decision be changed, not only explained
PCR             Provider Courtesy Review: what one plan calls its reconsideration; with a talk, or without a call
brief           what the director reads before the talk
determination   what came of it: upheld, overturned, modified, discussed, or a plan error
policy          a plan's rules as data, one TOML file
rulebook        a policy with the holidays of its calendar
right, duty     a deadline of the office lasts through the day; one of the plan ends at close of business
deadline        an instant; in time means before it
escalation      a person is told, because the rules alone cannot keep a promise
happening       one thing that happened to one case: a line of history
standing        how a consult stands, as far as its place, its readiness and its time go; what history keeps of it
overtaking      a booking that a request which was there earlier did not get; explained, or a violation
violation       something on record that the rules do not allow; "exception" on screens

Read on in this order:

values          the values everything works on
policy          a plan's rules, key by key; their words in `policy_words`
business_time   business days, closes of business, deadlines
eligibility     may this be asked for, what does it need, what can it change
openings        hours, time off, bookings -> openings
places          in whose line a request stands, and where in it
fifo            who gets which opening, in line; with whom besides the denying director (`choice`), and why somebody
                before it does not have it (`passed_over`). What is planned once or kept and planned again is a
                `standing` of lines (`line`)
life            what one event does to one consult, made of `steps`; `outside_queue` for talks that take nobody's turn,
                `without_call` for reconsiderations without a talk
status          the statuses, the events, the one table of transitions
scenario        a story as a file; `simulation` plays it with a clock of its own

Afterwards, from what is on record (`record`) and apart from all of the above: `proof` checks that the line was kept,
with `lines` (who stood where), `free_time` (what was free) and `overtaking` (why somebody did not get an earlier time).

About policies themselves: `policy_reader` reads a file (`reading` keeps its faults), `governing` chooses among several,
`policy_examples` runs the worked examples, `policy_warnings` tells what cannot work, `policy_text` says one in plain
English, `policy_schema` writes the format down.

Nothing in this package reads a clock, a file or the environment; it imports the standard library alone.
"""
