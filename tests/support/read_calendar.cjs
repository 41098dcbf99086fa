// Reads calendar objects with ical.js: a line of base64 in, a line of JSON out.
const ICAL = require(process.argv[2]);
const read = (base64) => {
  const parsed = ICAL.parse(Buffer.from(base64, "base64").toString("utf8"));
  const calendar = new ICAL.Component(parsed);
  return calendar.getAllSubcomponents("vevent").map((component) => {
    const event = new ICAL.Event(component);
    return {
      method: calendar.getFirstPropertyValue("method"),
      uid: event.uid,
      sequence: event.sequence,
      start: event.startDate.toJSDate().getTime() / 1000,
      end: event.endDate.toJSDate().getTime() / 1000,
      status: component.getFirstPropertyValue("status"),
      organizer: event.organizer,
      attendees: event.attendees.map((attendee) => attendee.getFirstValue()),
      summary: event.summary,
      description: event.description,
      location: event.location,
    };
  });
};
require("readline")
  .createInterface({ input: process.stdin })
  .on("line", (line) => {
    try {
      console.log(JSON.stringify({ events: read(line) }));
    } catch (error) {
      console.log(JSON.stringify({ fault: String(error) }));
    }
  });
