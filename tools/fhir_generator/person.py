"""Who a patient is, and the resources that say so."""

import json

from .chance import Chance, date, inst
from .codes import ALLERGENS, MRN1, MRN2
from .names import CITIES, FAMILY_NAMES, GIVEN_NAMES, ODD_NAMES


def esc(s):
    """Text as it stands between the quotes of JSON."""
    return json.dumps(s, ensure_ascii=False)[1:-1]


def record_number(i):
    return "M%08d" % (i * 7 + 1000003)


class Person:
    """What is drawn first of a patient, the same in every export; and what is known of the rest.

    `truth` is what an index must contain of the patient, `lines` what the files of each type get.
    """

    def __init__(self, settings, i, lines):
        p = self.chance = Chance(settings.seed, i)
        self.number, self.lines = i, lines
        self.odd = p.r() < max(settings.edge_rate * 3, 0)
        self.id = p.uid()
        self.mrn = record_number(i)
        self.family = p.pick(ODD_NAMES) if self.odd else p.pick(FAMILY_NAMES)
        self.given = p.pick(ODD_NAMES) if self.odd and p.r() < 0.3 else p.pick(GIVEN_NAMES)
        self.middle = p.pick(GIVEN_NAMES) if p.r() < 0.5 else ""
        self.gender = "female" if p.r() < 0.52 else "male"
        self.birth_year = p.n(1925, 2024)
        self.birth_date = date(p, self.birth_year, self.birth_year)
        if self.odd and p.r() < 0.3:
            self.birth_date = self.birth_date[:4] if p.r() < 0.5 else self.birth_date[:7]
        self.city, self.state, self.postal_code = p.pick(CITIES)
        first = max(1988, min(self.birth_year + 1, 2025))
        count = min(1 + p.some(9), 60)
        self.dead = p.r() < 0.12 + 0.004 * max(0, 2025 - self.birth_year - 70)
        has_second_mrn = p.r() < 0.25
        ssn = "9%02d-%02d-%04d" % (p.n(0, 99), p.n(10, 99), p.n(1000, 9999))
        self.days = sorted(date(p, first, 2025) for _ in range(count))
        self.last = self.days[-1]
        merged = p.r() < settings.edge_rate and not settings.delta
        self.restricted = p.r() < 0.04
        self.reference = "Patient/" + self.id
        self.name = self.given + " " + self.family
        self.old_id = ""
        self.truth = self.first_truth()
        self.security = (
            ',"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"},{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"ETH"}]'
            if self.restricted
            else ""
        )
        self.identify(ssn, has_second_mrn)
        if merged:
            self.merge()

    def first_truth(self):
        return dict(
            i=self.number,
            id=self.id,
            mrn=self.mrn,
            family=self.family,
            given=[x for x in (self.given, self.middle) if x],
            birthDate=self.birth_date,
            gender=self.gender,
            state=self.state,
            deceased=self.last if self.dead else None,
            lastEncounter=self.last,
            encounters=0,
            docs=[],
            counts={},
            identifiers=[[MRN1, self.mrn]],
            restricted=self.restricted,
            mergedFrom=None,
        )

    def identify(self, ssn, has_second_mrn):
        self.identifiers = (
            '{"use":"usual","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"system":"%s","value":"%s"},{"system":"http://hl7.org/fhir/sid/us-ssn","value":"%s"}'
            % (MRN1, self.mrn, ssn)
        )
        self.truth["identifiers"].append(["http://hl7.org/fhir/sid/us-ssn", ssn])
        if has_second_mrn:
            second = "B%07d" % (self.number * 3 + 11)
            self.identifiers += (
                ',{"use":"secondary","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"system":"%s","value":"%s"}'
                % (MRN2, second)
            )
            self.truth["identifiers"].append([MRN2, second])

    def merge(self):
        """Another record of the same person was merged into this one."""
        p = self.chance
        self.old_id = p.uid()
        old_mrn = "M9%07d" % self.number
        self.out(
            "Patient",
            '{"resourceType":"Patient","id":"%s","meta":{"versionId":"2","lastUpdated":"%s"},"identifier":[{"use":"old","system":"%s","value":"%s"}],"active":false,"name":[{"family":"%s","given":["%s"]}],"gender":"%s","link":[{"other":{"reference":"%s"},"type":"replaced-by"}]}'
            % (
                self.old_id,
                inst(p, self.last),
                MRN1,
                old_mrn,
                esc(self.family),
                esc(self.given),
                self.gender,
                self.reference,
            ),
        )
        self.truth["mergedFrom"] = dict(id=self.old_id, mrn=old_mrn)

    def out(self, kind, line):
        self.lines.setdefault(kind, []).append(line)
        self.truth["counts"][kind] = self.truth["counts"].get(kind, 0) + 1


def describe(person):
    """The Patient resource, and the allergies."""
    p = person.chance
    link = ""
    if person.old_id:
        link = ',"link":[{"other":{"reference":"Patient/%s"},"type":"replaces"}]' % person.old_id
    person.out(
        "Patient",
        '{"resourceType":"Patient","id":"%s","meta":{"versionId":"1","lastUpdated":"%s"%s,"profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"]},"identifier":[%s],"active":true,"name":[{"use":"official","family":"%s","given":[%s]}],"telecom":[{"system":"phone","value":"555-%03d-%04d","use":"home"},{"system":"email","value":"p%d@example.org"}],"gender":"%s","birthDate":"%s"%s,"address":[{"line":["%d %s St"],"city":"%s","state":"%s","postalCode":"%s","country":"US"}],"maritalStatus":{"text":"%s"}%s}'
        % (
            person.id,
            inst(p, person.last),
            person.security,
            person.identifiers,
            esc(person.family),
            ",".join('"%s"' % esc(x) for x in (person.given, person.middle) if x),
            p.n(100, 999),
            p.n(0, 9999),
            person.number,
            person.gender,
            person.birth_date,
            ',"deceasedDateTime":"%s"' % inst(p, person.last)
            if person.dead
            else ',"deceasedBoolean":false',
            p.n(1, 9999),
            p.pick(FAMILY_NAMES),
            person.city,
            person.state,
            person.postal_code,
            p.pick(["Married", "Never Married", "Widowed", "Divorced"]),
            link,
        ),
    )
    for _ in range(p.some(0.6)):
        c, d = p.pick(ALLERGENS)
        person.out(
            "AllergyIntolerance",
            '{"resourceType":"AllergyIntolerance","id":"%s","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}]},"code":{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"%s","display":"%s"}],"text":"%s"},"patient":{"reference":"%s"},"recordedDate":"%s"}'
            % (p.uid(), c, d, d, person.reference, person.days[0]),
        )
