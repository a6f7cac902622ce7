"""A visit, and the resources that come of it."""

from .chance import inst
from .codes import (
    BASE,
    DOCUMENTS,
    ENCOUNTER_CLASSES,
    MEDICATIONS,
    OBSERVATIONS,
    PROCEDURES,
    VACCINES,
)
from .documents import docref, document_id
from .notes import note
from .person import esc


class Encounter:
    """The `k`-th visit of a person in this export; draws from the export's stream."""

    def __init__(self, settings, person, chance, k, day):
        p = chance
        self.settings, self.person, self.chance, self.k, self.day = settings, person, p, k, day
        self.id = p.uid()
        self.reference = "Encounter/" + self.id
        self.observations, self.text = [], ""
        x = p.n(1, 100)
        for code, display, weight in ENCOUNTER_CLASSES:
            x -= weight
            if x <= 0:
                break
        self.time = inst(p, day)
        person.truth["encounters"] += 1
        self.subject = person.reference
        if person.odd and p.r() < 0.05:
            self.subject = BASE + person.reference
        if person.old_id and k < len(person.days) // 3:
            self.subject = "Patient/" + person.old_id
        self.practitioner = (
            "Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|99999%05d" % p.n(1, 400)
            if p.r() < 0.3
            else "Practitioner/prac-%03d" % p.n(1, 400)
        )
        i = person.number
        person.out(
            "Encounter",
            '{"resourceType":"Encounter","id":"%s","meta":{"profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-encounter"]},"identifier":[{"use":"official","system":"https://ehr.example.org/visit","value":"V%d-%d"}],"status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"%s","display":"%s"},"type":[{"coding":[{"system":"http://snomed.info/sct","code":"185349003","display":"Encounter for check up (procedure)"}]}],"subject":{"reference":"%s","display":"%s"},"participant":[{"individual":{"reference":"%s"}}],"period":{"start":"%s","end":"%s"},"serviceProvider":{"reference":"Organization/org-%d"}}'
            % (
                self.id,
                i,
                k,
                code,
                display,
                self.subject,
                esc(person.name),
                self.practitioner,
                self.time,
                self.time,
                1 + i % 4,
            ),
        )

    def observe(self):
        p = self.chance
        for c, dsp, u, lo, hi, dec in (p.pick(OBSERVATIONS) for _ in range(p.n(2, 9))):
            oid = p.uid()
            v = round(lo + p.r() * (hi - lo), dec)
            v = int(v) if dec == 0 else v
            lab = c[0] in "24679" and u not in ("/min", "kg", "cm")
            if lab:
                self.observations.append((oid, c, dsp, v, u))
            self.person.out(
                "Observation",
                '{"resourceType":"Observation","id":"%s","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"%s"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"%s","display":"%s"}],"text":"%s"},"subject":{"reference":"%s"},"encounter":{"reference":"%s"},"effectiveDateTime":"%s","issued":"%s","valueQuantity":{"value":%s,"unit":"%s","system":"http://unitsofmeasure.org","code":"%s"}}'
                % (
                    oid,
                    "laboratory" if lab else "vital-signs",
                    c,
                    dsp,
                    dsp,
                    self.subject,
                    self.reference,
                    self.time,
                    self.time,
                    v,
                    u,
                    u,
                ),
            )
        if self.observations:
            results = ",".join(
                '{"reference":"Observation/%s","display":"%s"}' % (o[0], o[2])
                for o in self.observations
            )
            self.person.out(
                "DiagnosticReport",
                '{"resourceType":"DiagnosticReport","id":"%s","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"51990-0","display":"Basic metabolic panel - Blood"}]},"subject":{"reference":"%s"},"encounter":{"reference":"%s"},"effectiveDateTime":"%s","issued":"%s","result":[%s]}'
                % (p.uid(), self.subject, self.reference, self.time, self.time, results),
            )

    def treat(self, conditions):
        p, person = self.chance, self.person
        subject, reference, time = self.subject, self.reference, self.time
        for _ in range(p.some(0.35)):
            c = p.pick(conditions)
            person.out(
                "Condition",
                '{"resourceType":"Condition","id":"%s","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},"code":{"coding":[{"system":"http://snomed.info/sct","code":"%s","display":"%s"},{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"%s"}],"text":"%s"},"subject":{"reference":"%s"},"encounter":{"reference":"%s"},"onsetDateTime":"%s","recordedDate":"%s"}'
                % (p.uid(), c[0], c[1], c[2], c[1], subject, reference, time, self.day),
            )
        for _ in range(p.some(0.7)):
            c = p.pick(MEDICATIONS)
            person.out(
                "MedicationRequest",
                '{"resourceType":"MedicationRequest","id":"%s","status":"active","intent":"order","medicationCodeableConcept":{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"%s","display":"%s"}],"text":"%s"},"subject":{"reference":"%s"},"encounter":{"reference":"%s"},"authoredOn":"%s","requester":{"reference":"%s"},"dosageInstruction":[{"sequence":1,"text":"Take as directed.","timing":{"repeat":{"frequency":%d,"period":1,"periodUnit":"d"}}}]}'
                % (
                    p.uid(),
                    c[0],
                    c[1],
                    c[1],
                    subject,
                    reference,
                    time,
                    self.practitioner,
                    p.n(1, 3),
                ),
            )
        if p.r() < 0.2:
            c = p.pick(PROCEDURES)
            person.out(
                "Procedure",
                '{"resourceType":"Procedure","id":"%s","status":"completed","code":{"coding":[{"system":"http://snomed.info/sct","code":"%s","display":"%s"}],"text":"%s"},"subject":{"reference":"%s"},"encounter":{"reference":"%s"},"performedPeriod":{"start":"%s","end":"%s"}}'
                % (p.uid(), c[0], c[1], c[1], subject, reference, time, time),
            )
        if p.r() < 0.12:
            c = p.pick(VACCINES)
            person.out(
                "Immunization",
                '{"resourceType":"Immunization","id":"%s","status":"completed","vaccineCode":{"coding":[{"system":"http://hl7.org/fhir/sid/cvx","code":"%s","display":"%s"}],"text":"%s"},"patient":{"reference":"%s"},"encounter":{"reference":"%s"},"occurrenceDateTime":"%s","primarySource":true}'
                % (p.uid(), c[0], c[1], c[1], subject, reference, time),
            )

    def write_note(self):
        p, person, settings = self.chance, self.person, self.settings
        # The first visit always has a document: a follow-up amends it.
        is_first = self.k == 0 and not settings.delta
        if not (p.r() < 0.72 or is_first):
            return
        did = document_id(settings, person) if is_first else p.uid()
        c, title = p.pick(DOCUMENTS)
        age = max(0, int(self.day[:4]) - person.birth_year)
        self.text = note(p, title, person.name, person.gender, age)
        scan = None
        if p.r() < settings.scan_rate:
            scan = b"%PDF-1.4\n" + p.bits(8 * p.n(20000, 180000)).to_bytes(180000, "big").lstrip(
                b"\0"
            )
        person.out(
            "DocumentReference",
            docref(
                p,
                did,
                "1",
                self.subject,
                self.reference,
                c,
                title,
                self.time,
                "final",
                self.text,
                person.security,
                scan,
                person.odd,
            ),
        )
        person.truth["docs"].append([did, c, self.day, self.id])
        if p.r() < 0.15:
            person.out(
                "Provenance",
                '{"resourceType":"Provenance","id":"%s","target":[{"reference":"DocumentReference/%s"}],"recorded":"%s","activity":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-DataOperation","code":"CREATE"}]},"agent":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/provenance-participant-type","code":"author"}]},"who":{"reference":"%s"}}]}'
                % (p.uid(), did, self.time, self.practitioner),
            )

    def repeat(self):
        """Some exports have the same line twice."""
        edge, truth = self.settings.edge_rate, self.person.truth
        if edge and self.chance.r() < edge / 10:
            encounters = self.person.lines["Encounter"]
            encounters.append(encounters[-1])
            truth["duplicates"] = truth.get("duplicates", 0) + 1
