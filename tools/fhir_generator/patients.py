"""All of one patient."""

from .codes import CONDITIONS
from .encounters import Encounter
from .follow_ups import FollowUp
from .messages import follow_up_merge, hl7v2
from .person import Person, describe
from .summaries import cda


def patient(settings, i, lines, messages, summaries):
    """Puts what the export has of a patient into the lists; gives its truth, or None."""
    person = Person(settings, i, lines)
    p, days = person.chance, person.days
    if settings.delta:
        later = FollowUp(settings, person)
        if "mergedInto" in person.truth and messages is not None:
            follow_up_merge(messages, person, settings.delta)
        if later.is_empty:
            return None
        p, days = later.chance, later.days
    else:
        describe(person)
    conditions = [p.pick(CONDITIONS) for _ in range(1 + p.some(1.4))]
    for k, day in enumerate(days):
        visit = Encounter(settings, person, p, k, day)
        visit.observe()
        visit.treat(conditions)
        visit.write_note()
        visit.repeat()
        if messages is not None:
            hl7v2(messages, person, visit)
    if summaries is not None and not settings.delta:
        summaries.append((person.id, cda(p, person)))
    return person.truth
