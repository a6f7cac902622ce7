"""What a later export brings of the same patient: little, and for most nothing."""

from .chance import Chance, date
from .documents import docref, document_id
from .notes import note
from .person import esc, record_number


class FollowUp:
    """The `settings.delta`-th export after the first: another stream of the same person.

    `days` are those of new visits. `is_empty` says that there is nothing to tell.
    """

    def __init__(self, settings, person):
        self.settings, self.person, self.days = settings, person, []
        seed, i, delta = settings.seed, person.number, settings.delta
        self.history = [Chance(seed, i, "delta%d" % k).r() for k in range(1, delta + 1)]
        p = self.chance = Chance(seed, i, "delta%d" % delta)
        x = p.r()
        # Nothing new, or already deleted or merged.
        self.is_empty = x > 0.06 or any(0.02 <= h < 0.03 for h in self.history[:-1])
        if self.is_empty:
            return
        if (x < 0.02 or 0.03 <= x < 0.045) and not person.dead:
            self.days = [date(p, 2026, 2026)]
        if x < 0.02:
            self.amend()
        elif x < 0.025:
            self.delete()
        elif x < 0.03 and i:
            self.merge()
        truth = person.truth
        self.is_empty = not self.days and not truth["counts"] and "deletedDoc" not in truth

    def amend(self):
        person, delta = self.person, self.settings.delta
        did = document_id(self.settings, person)
        version = 1 + sum(h < 0.02 for h in self.history)
        title = "Progress note - addendum"
        age = 2026 - person.birth_year
        person.out(
            "DocumentReference",
            docref(
                self.chance,
                did,
                str(version),
                person.reference,
                "",
                "11506-3",
                "Progress note",
                "2026-%02d-15T09:00:00Z" % (1 + delta % 12),
                "amended",
                note(self.chance, title, person.name, person.gender, age),
                person.security,
                None,
            ),
        )
        person.truth["amendedDoc"] = [did, version]

    def delete(self):
        did = document_id(self.settings, self.person)
        self.person.lines.setdefault("_deleted", []).append(
            '{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"DocumentReference/%s"}}]}'
            % did
        )
        self.person.truth["deletedDoc"] = did

    def merge(self):
        """The patient turns out to be the one before."""
        person, delta = self.person, self.settings.delta
        q = Chance(self.settings.seed, person.number - 1)
        q.r()
        into = q.uid()
        person.truth["mergedInto"] = dict(id=into, mrn=record_number(person.number - 1))
        person.out(
            "Patient",
            '{"resourceType":"Patient","id":"%s","meta":{"versionId":"2","lastUpdated":"2026-%02d-10T00:00:00Z"},"identifier":[%s],"active":false,"name":[{"family":"%s","given":["%s"]}],"gender":"%s","birthDate":"%s","link":[{"other":{"reference":"Patient/%s"},"type":"replaced-by"}]}'
            % (
                person.id,
                1 + delta % 12,
                person.identifiers,
                esc(person.family),
                esc(person.given),
                person.gender,
                person.birth_date,
                into,
            ),
        )
