#!/usr/bin/env python3
"""Deterministic synthetic FHIR R4 bulk-export generator (own code, stdlib only).

  gen_fhir.py --out DIR (--patients N | --target-mb M) [--seed S] [--jobs J] [--chunk 250]
              [--delta K] [--scan-rate 0.03] [--edge-rate 0.02] [--hl7] [--ccda] [--no-truth]

Writes <Type>.<chunk>.ndjson (one resource a line, UTF-8, LF), manifest.json in the shape of a Bulk Data
status answer (plus count/bytes/sha256 for each file), and truth.<chunk>.ndjson: what an index built
from the files must contain (the oracle for search, retention, merge and audit tests).  --hl7 adds
messages.<chunk>.hl7 (ER7, CR-terminated segments, BHS/BTS batch), --ccda one CCD header document a patient.

Same seed => same bytes, whatever --jobs is; patient i does not depend on N (a larger run is a superset,
chunk by chunk).  --delta K writes the K-th follow-up export instead: new encounters, amended documents
(versionId 2+), merges and deletions, for the same patients.  No real person's data: every value is made up.
"""

import argparse, base64, hashlib, json, os, random, sys, time
from multiprocessing import Pool

BASE = "https://ehr.example.org/fhir/"
MRN1, MRN2 = "urn:oid:2.16.840.1.113883.19.5.1", "urn:oid:2.16.840.1.113883.19.5.2"
FAM = (
    "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson "
    "Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis "
    "Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall "
    "Rivera Campbell Mitchell Carter Roberts"
).split()
GIV = (
    "James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara Richard Susan Joseph "
    "Jessica Thomas Sarah Charles Karen Christopher Lisa Daniel Nancy Matthew Betty Anthony Sandra Mark Margaret "
    "Donald Ashley Steven Kimberly Paul Emily Andrew Donna Joshua Michelle"
).split()
ODD = [
    "O'Brien",
    "Nuñez-García",
    "Müller",
    "Łukasiewicz",
    "Å\u0301ström",
    "Çelik",
    "Иванова",
    "Παπαδόπουλος",
    "山田",
    "김",
    "محمد",
    "De la Cruz III",
    'Smith "Smitty"',
    "Back\\slash",
    "van der Berg",
    "Zoë\u0308",
    "Ng",
    "D’Angelo",
    "𝒳u",
]
CITY = [
    ("Springfield", "MA", "01103"),
    ("Tucson", "AZ", "85701"),
    ("Madison", "WI", "53703"),
    ("Dover", "DE", "19901"),
    ("Fargo", "ND", "58102"),
    ("Boise", "ID", "83702"),
    ("Casper", "WY", "82601"),
    ("Bangor", "ME", "04401"),
    ("San José", "CA", "95113"),
    ("Truth or Consequences", "NM", "87901"),
    ("Stowe", "VT", "05672"),
    ("Ely", "NV", "89301"),
]
DOCS = [
    ("34133-9", "Summary of episode note"),
    ("18842-5", "Discharge summary"),
    ("11506-3", "Progress note"),
    ("34117-2", "History and physical note"),
    ("11488-4", "Consult note"),
    ("28570-0", "Procedure note"),
    ("11504-8", "Surgical operation note"),
    ("34111-5", "Emergency department note"),
    ("18748-4", "Diagnostic imaging study"),
    ("11526-1", "Pathology study"),
    ("57133-1", "Referral note"),
    ("59284-0", "Consent Document"),
]
OBS = [
    ("8867-4", "Heart rate", "/min", 55, 110, 0),
    ("8310-5", "Body temperature", "Cel", 35.8, 39.4, 1),
    ("9279-1", "Respiratory rate", "/min", 10, 26, 0),
    ("29463-7", "Body weight", "kg", 42, 130, 1),
    ("8302-2", "Body height", "cm", 148, 196, 0),
    ("39156-5", "Body mass index (BMI) [Ratio]", "kg/m2", 17, 44, 1),
    ("2339-0", "Glucose [Mass/volume] in Blood", "mg/dL", 62, 260, 0),
    ("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", "%", 4.6, 11.8, 1),
    ("718-7", "Hemoglobin [Mass/volume] in Blood", "g/dL", 7.8, 17.5, 1),
    ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", "mg/dL", 0.5, 4.2, 2),
    ("2823-3", "Potassium [Moles/volume] in Serum or Plasma", "mmol/L", 3.1, 5.9, 1),
    ("2951-2", "Sodium [Moles/volume] in Serum or Plasma", "mmol/L", 126, 149, 0),
    ("6690-2", "Leukocytes [#/volume] in Blood by Automated count", "10*3/uL", 2.1, 18.9, 1),
    ("2093-3", "Cholesterol [Mass/volume] in Serum or Plasma", "mg/dL", 110, 320, 0),
]
COND = [
    ("38341003", "Hypertensive disorder", "I10"),
    ("44054006", "Diabetes mellitus type 2", "E11.9"),
    ("195967001", "Asthma", "J45.909"),
    ("13645005", "Chronic obstructive lung disease", "J44.9"),
    ("40930008", "Hypothyroidism", "E03.9"),
    ("35489007", "Depressive disorder", "F32.A"),
    ("84114007", "Heart failure", "I50.9"),
    ("53741008", "Coronary arteriosclerosis", "I25.10"),
    ("709044004", "Chronic kidney disease", "N18.9"),
    ("233604007", "Pneumonia", "J18.9"),
    ("66214007", "Substance abuse", "F19.10"),
    ("86406008", "Human immunodeficiency virus infection", "B20"),
    ("22298006", "Myocardial infarction", "I21.9"),
    ("396275006", "Osteoarthritis", "M19.90"),
]
MED = [
    ("197361", "amlodipine 5 MG Oral Tablet"),
    ("860975", "24 HR metformin hydrochloride 500 MG Extended Release Oral Tablet"),
    ("314076", "lisinopril 10 MG Oral Tablet"),
    ("617314", "atorvastatin 20 MG Oral Tablet"),
    ("966224", "levothyroxine sodium 0.05 MG Oral Tablet"),
    ("745679", "200 ACTUAT albuterol 0.09 MG/ACTUAT Metered Dose Inhaler"),
    ("312940", "sertraline 50 MG Oral Tablet"),
    ("855332", "warfarin sodium 5 MG Oral Tablet"),
    ("308136", "amoxicillin 500 MG Oral Capsule"),
    ("1049221", "acetaminophen 325 MG / oxycodone hydrochloride 5 MG Oral Tablet"),
]
PROC = [
    ("80146002", "Appendectomy"),
    ("73761001", "Colonoscopy"),
    ("40701008", "Echocardiography"),
    ("399208008", "Plain chest X-ray"),
    ("77477000", "Computerized axial tomography"),
    ("232717009", "Coronary artery bypass graft"),
    ("265764009", "Renal dialysis"),
    ("710824005", "Assessment of health and social care needs"),
]
VAX = [
    ("140", "Influenza, seasonal, injectable, preservative free"),
    ("113", "Td (adult)"),
    ("33", "pneumococcal polysaccharide PPV23"),
    ("207", "COVID-19, mRNA, LNP-S"),
    ("03", "MMR"),
]
ALG = [
    ("7980", "penicillin G"),
    ("1191", "aspirin"),
    ("2670", "codeine"),
    ("10831", "sulfamethoxazole"),
    ("2002", "peanut"),
    ("1313200", "latex"),
]
CLASS = [
    ("AMB", "ambulatory", 70),
    ("EMER", "emergency", 12),
    ("IMP", "inpatient encounter", 10),
    ("VR", "virtual", 8),
]
S_CC = [
    "{n} presents with {c} of {k} days duration.",
    "Follow-up visit for {c}.",
    "{n} returns for review of {c}; interval history is otherwise unremarkable.",
    "Patient is a {a} year old {g} seen for {c}.",
    "Brought in by family because of {c}, worse over the last {k} days.",
    "Seen at the request of the primary team regarding {c}.",
]
S_HX = [
    "Denies chest pain, shortness of breath, orthopnea or paroxysmal nocturnal dyspnea.",
    "Reports intermittent dizziness on standing and {k} falls in the last year.",
    "Review of systems is negative except as noted above.",
    "Smoking history of {k} pack-years; quit in {y}.",
    "Lives alone, independent in activities of daily living.",
    "Family history notable for {c} in a first degree relative.",
    "Allergies and current medications were reconciled with the patient at the bedside.",
    "Sleep is fair, appetite reduced, weight down {k} kg since the last visit.",
    "No recent travel, sick contacts or change of diet.",
    "Immunizations are up to date per registry.",
]
S_EX = [
    "Vital signs: BP {s}/{d} mmHg, pulse {p}, temperature {t} C, SpO2 {o}% on room air.",
    "Lungs clear to auscultation bilaterally, no wheezes or crackles.",
    "Heart regular rate and rhythm with a {k}/6 systolic murmur at the left sternal border.",
    "Abdomen soft, non-tender, normal bowel sounds, no organomegaly.",
    "Extremities without cyanosis, clubbing or edema; pulses 2+ and symmetric.",
    "Neurologic examination is non-focal; gait steady.",
    "Skin warm and dry; {k} cm healing lesion over the left forearm.",
]
S_DT = [
    "Glucose {u} mg/dL, creatinine {r} mg/dL, potassium {q} mmol/L; compared with {y} the trend is stable.",
    "Hemoglobin {h} g/dL with normal indices.",
    "ECG shows sinus rhythm at {p} beats per minute without acute ST changes.",
    "Chest radiograph: no focal consolidation, effusion or pneumothorax.",
]
S_PL = [
    "Continue {m}.",
    "Start {m} and recheck laboratory values in {k} weeks.",
    "Discussed risks, benefits and alternatives; patient agrees with the plan.",
    "Return precautions were reviewed; call for fever, worsening pain or new symptoms.",
    "Refer to specialty clinic within {k} weeks.",
    "Hold {m} until reviewed by pharmacy.",
    "Follow up in {k} months or sooner as needed.",
    "Total time spent on the day of the encounter: {p} minutes.",
]


def esc(s):
    return json.dumps(s, ensure_ascii=False)[1:-1]


class P:  # one patient's deterministic stream
    def __init__(self, seed, i, tag=""):
        r = random.Random("%s/%d/%s" % (seed, i, tag))
        self.r = r.random
        self.bits = r.getrandbits

    def n(self, a, b):
        return a + int(self.r() * (b - a + 1))

    def pick(self, s):
        return s[int(self.r() * len(s))]

    def uid(self):
        h = "%032x" % self.bits(128)
        return "%s-%s-4%s-a%s-%s" % (h[:8], h[8:12], h[13:16], h[17:20], h[20:])

    def some(self, lam):  # small count, mean about lam, long tail
        n = 0
        while self.r() < lam / (lam + 1) and n < 60:
            n += 1
        return n


MD = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


def date(p, y0, y1):
    y, m = p.n(y0, y1), p.n(1, 12)
    return "%04d-%02d-%02d" % (y, m, p.n(1, MD[m - 1]))


TZ = ["-05:00", "-05:00", "-05:00", "-06:00", "-08:00", "Z", "+00:00", "+05:30"]


def inst(p, d):
    return "%sT%02d:%02d:%02d%s%s" % (
        d,
        p.n(6, 20),
        p.n(0, 59),
        p.n(0, 59),
        ".%03d" % p.n(0, 999) if p.r() < 0.3 else "",
        p.pick(TZ),
    )


def note(p, c, title, name, g, age):
    f = dict(n=name, g=g, a=age, c="", k=0, y=0, s=0, d=0, p=0, t=0, o=0, u=0, r=0, q=0, h=0, m="")

    def s(lst, k):
        out = []
        for _ in range(k):
            f.update(
                c=p.pick(COND)[1].lower(),
                k=p.n(1, 9),
                y=p.n(1985, 2024),
                s=p.n(96, 188),
                d=p.n(52, 108),
                p=p.n(48, 124),
                t=round(36 + p.r() * 3, 1),
                o=p.n(88, 100),
                u=p.n(62, 290),
                r=round(0.5 + p.r() * 3, 2),
                q=round(3 + p.r() * 3, 1),
                h=round(8 + p.r() * 9, 1),
                m=p.pick(MED)[1],
            )
            out.append(p.pick(lst).format(**f))
        return " ".join(out)

    z = 1 + p.some(1.1)
    return (
        "%s\n\nCHIEF COMPLAINT\n%s\n\nHISTORY\n%s\n\nEXAMINATION\n%s\n\nDATA\n%s\n\nASSESSMENT AND PLAN\n%s\n"
        % (title.upper(), s(S_CC, 1), s(S_HX, 2 * z), s(S_EX, 2 * z), s(S_DT, z), s(S_PL, 2 * z))
    )


def patient(seed, i, delta, scan, edge, w, truth, hl7, ccda):
    p = P(seed, i)
    odd = p.r() < max(edge * 3, 0)
    pid = p.uid()
    mrn = "M%08d" % (i * 7 + 1000003)
    fam = p.pick(ODD) if odd else p.pick(FAM)
    giv = p.pick(ODD) if odd and p.r() < 0.3 else p.pick(GIV)
    mid = p.pick(GIV) if p.r() < 0.5 else ""
    gen = "female" if p.r() < 0.52 else "male"
    byear = p.n(1925, 2024)
    bd = date(p, byear, byear)
    if odd and p.r() < 0.3:
        bd = bd[:4] if p.r() < 0.5 else bd[:7]
    city, st, zp = p.pick(CITY)
    first = max(1988, min(byear + 1, 2025))
    ne = min(1 + p.some(9), 60)
    dead = p.r() < 0.12 + 0.004 * max(0, 2025 - byear - 70)
    fac2 = p.r() < 0.25
    ssn = "9%02d-%02d-%04d" % (p.n(0, 99), p.n(10, 99), p.n(1000, 9999))
    edates = sorted(date(p, first, 2025) for _ in range(ne))
    last = edates[-1]
    dod = ""
    if dead:
        dod = last
    merged = p.r() < edge and not delta
    label = p.r() < 0.04
    pref = "Patient/" + pid
    full = giv + " " + fam
    T = dict(
        i=i,
        id=pid,
        mrn=mrn,
        family=fam,
        given=[x for x in (giv, mid) if x],
        birthDate=bd,
        gender=gen,
        state=st,
        deceased=dod or None,
        lastEncounter=last,
        encounters=0,
        docs=[],
        counts={},
        identifiers=[[MRN1, mrn]],
        restricted=bool(label),
        mergedFrom=None,
    )

    def out(t, s, k=1):
        w.setdefault(t, []).append(s)
        T["counts"][t] = T["counts"].get(t, 0) + k

    sec = (
        ',"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"},{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"ETH"}]'
        if label
        else ""
    )
    idn = (
        '{"use":"usual","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"system":"%s","value":"%s"},{"system":"http://hl7.org/fhir/sid/us-ssn","value":"%s"}'
        % (MRN1, mrn, ssn)
    )
    T["identifiers"].append(["http://hl7.org/fhir/sid/us-ssn", ssn])
    if fac2:
        m2 = "B%07d" % (i * 3 + 11)
        idn += (
            ',{"use":"secondary","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},"system":"%s","value":"%s"}'
            % (MRN2, m2)
        )
        T["identifiers"].append([MRN2, m2])
    link = ""
    oldid = ""
    if merged:
        oldid = p.uid()
        omrn = "M9%07d" % i
        link = ',"link":[{"other":{"reference":"Patient/%s"},"type":"replaces"}]' % oldid
        out(
            "Patient",
            '{"resourceType":"Patient","id":"%s","meta":{"versionId":"2","lastUpdated":"%s"},"identifier":[{"use":"old","system":"%s","value":"%s"}],"active":false,"name":[{"family":"%s","given":["%s"]}],"gender":"%s","link":[{"other":{"reference":"%s"},"type":"replaced-by"}]}'
            % (oldid, inst(p, last), MRN1, omrn, esc(fam), esc(giv), gen, pref),
        )
        T["mergedFrom"] = dict(id=oldid, mrn=omrn)
    if not delta:
        out(
            "Patient",
            '{"resourceType":"Patient","id":"%s","meta":{"versionId":"1","lastUpdated":"%s"%s,"profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"]},"identifier":[%s],"active":true,"name":[{"use":"official","family":"%s","given":[%s]}],"telecom":[{"system":"phone","value":"555-%03d-%04d","use":"home"},{"system":"email","value":"p%d@example.org"}],"gender":"%s","birthDate":"%s"%s,"address":[{"line":["%d %s St"],"city":"%s","state":"%s","postalCode":"%s","country":"US"}],"maritalStatus":{"text":"%s"}%s}'
            % (
                pid,
                inst(p, last),
                sec,
                idn,
                esc(fam),
                ",".join('"%s"' % esc(x) for x in (giv, mid) if x),
                p.n(100, 999),
                p.n(0, 9999),
                i,
                gen,
                bd,
                ',"deceasedDateTime":"%s"' % inst(p, dod) if dod else ',"deceasedBoolean":false',
                p.n(1, 9999),
                p.pick(FAM),
                city,
                st,
                zp,
                p.pick(["Married", "Never Married", "Widowed", "Divorced"]),
                link,
            ),
        )
        for a in range(p.some(0.6)):
            c, d = p.pick(ALG)
            out(
                "AllergyIntolerance",
                '{"resourceType":"AllergyIntolerance","id":"%s","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}]},"code":{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"%s","display":"%s"}],"text":"%s"},"patient":{"reference":"%s"},"recordedDate":"%s"}'
                % (p.uid(), c, d, d, pref, edates[0]),
            )
    if delta:  # follow-up export: same person, other stream
        hist = [P(seed, i, "delta%d" % k).r() for k in range(1, delta + 1)]
        p = P(seed, i, "delta%d" % delta)
        x = p.r()
        if x > 0.06 or any(0.02 <= h < 0.03 for h in hist[:-1]):
            return None  # nothing new, or already deleted or merged
        edates = [date(p, 2026, 2026)] if (x < 0.02 or 0.03 <= x < 0.045) and not dead else []
        did = P(seed, i, "docid").uid()
        ver = 1 + sum(h < 0.02 for h in hist)
        if x < 0.02:
            out(
                "DocumentReference",
                docref(
                    p,
                    did,
                    str(ver),
                    pref,
                    "",
                    "11506-3",
                    "Progress note",
                    "2026-%02d-15T09:00:00Z" % (1 + delta % 12),
                    "amended",
                    note(p, 0, "Progress note - addendum", full, gen, 2026 - byear),
                    sec,
                    None,
                ),
            )
            T["amendedDoc"] = [did, ver]
        elif x < 0.025:
            w.setdefault("_deleted", []).append(
                '{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"DocumentReference/%s"}}]}'
                % did
            )
            T["deletedDoc"] = did
        elif x < 0.03 and i:
            q = P(seed, i - 1)
            q.r()
            into = q.uid()
            T["mergedInto"] = dict(id=into, mrn="M%08d" % ((i - 1) * 7 + 1000003))
            out(
                "Patient",
                '{"resourceType":"Patient","id":"%s","meta":{"versionId":"2","lastUpdated":"2026-%02d-10T00:00:00Z"},"identifier":[%s],"active":false,"name":[{"family":"%s","given":["%s"]}],"gender":"%s","birthDate":"%s","link":[{"other":{"reference":"Patient/%s"},"type":"replaced-by"}]}'
                % (pid, 1 + delta % 12, idn, esc(fam), esc(giv), gen, bd, into),
            )
            if hl7 is not None:
                hl7.append(
                    "MSH|^~\\&|EHR|FAC1|ARCH|HIM|20260110000000||ADT^A40^ADT_A39|%d.m%d|P|2.5.1||||||UNICODE UTF-8\rEVN||20260110000000\rPID|1||%s^^^FAC1&2.16.840.1.113883.19.5.1&ISO^MR||\rMRG|%s^^^FAC1&2.16.840.1.113883.19.5.1&ISO^MR\r"
                    % (i, delta, T["mergedInto"]["mrn"], mrn)
                )
        if not edates and not T["counts"] and "deletedDoc" not in T:
            return None
    cond = [p.pick(COND) for _ in range(1 + p.some(1.4))]
    for k, d in enumerate(edates):
        eid = p.uid()
        x = p.n(1, 100)
        s = 0
        for cl, cd, wt in CLASS:
            s += wt
            if x <= s:
                break
        t0 = inst(p, d)
        ref = pref
        txt = ""
        T["encounters"] += 1
        if odd and p.r() < 0.05:
            ref = BASE + pref
        if oldid and k < len(edates) // 3:
            ref = "Patient/" + oldid
        dr = (
            "Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|99999%05d" % p.n(1, 400)
            if p.r() < 0.3
            else "Practitioner/prac-%03d" % p.n(1, 400)
        )
        out(
            "Encounter",
            '{"resourceType":"Encounter","id":"%s","meta":{"profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-encounter"]},"identifier":[{"use":"official","system":"https://ehr.example.org/visit","value":"V%d-%d"}],"status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"%s","display":"%s"},"type":[{"coding":[{"system":"http://snomed.info/sct","code":"185349003","display":"Encounter for check up (procedure)"}]}],"subject":{"reference":"%s","display":"%s"},"participant":[{"individual":{"reference":"%s"}}],"period":{"start":"%s","end":"%s"},"serviceProvider":{"reference":"Organization/org-%d"}}'
            % (eid, i, k, cl, cd, ref, esc(full), dr, t0, t0, 1 + i % 4),
        )
        er = "Encounter/" + eid
        obs = []
        for c, dsp, u, lo, hi, dec in (p.pick(OBS) for _ in range(p.n(2, 9))):
            oid = p.uid()
            v = round(lo + p.r() * (hi - lo), dec)
            v = int(v) if dec == 0 else v
            lab = c[0] in "24679" and u not in ("/min", "kg", "cm")
            if lab:
                obs.append((oid, c, dsp, v, u))
            out(
                "Observation",
                '{"resourceType":"Observation","id":"%s","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"%s"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"%s","display":"%s"}],"text":"%s"},"subject":{"reference":"%s"},"encounter":{"reference":"%s"},"effectiveDateTime":"%s","issued":"%s","valueQuantity":{"value":%s,"unit":"%s","system":"http://unitsofmeasure.org","code":"%s"}}'
                % (
                    oid,
                    "laboratory" if lab else "vital-signs",
                    c,
                    dsp,
                    dsp,
                    ref,
                    er,
                    t0,
                    t0,
                    v,
                    u,
                    u,
                ),
            )
        if obs:
            out(
                "DiagnosticReport",
                '{"resourceType":"DiagnosticReport","id":"%s","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"51990-0","display":"Basic metabolic panel - Blood"}]},"subject":{"reference":"%s"},"encounter":{"reference":"%s"},"effectiveDateTime":"%s","issued":"%s","result":[%s]}'
                % (
                    p.uid(),
                    ref,
                    er,
                    t0,
                    t0,
                    ",".join(
                        '{"reference":"Observation/%s","display":"%s"}' % (o[0], o[2]) for o in obs
                    ),
                ),
            )
        for _ in range(p.some(0.35)):
            c = p.pick(cond)
            out(
                "Condition",
                '{"resourceType":"Condition","id":"%s","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},"code":{"coding":[{"system":"http://snomed.info/sct","code":"%s","display":"%s"},{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"%s"}],"text":"%s"},"subject":{"reference":"%s"},"encounter":{"reference":"%s"},"onsetDateTime":"%s","recordedDate":"%s"}'
                % (p.uid(), c[0], c[1], c[2], c[1], ref, er, t0, d),
            )
        for _ in range(p.some(0.7)):
            c = p.pick(MED)
            out(
                "MedicationRequest",
                '{"resourceType":"MedicationRequest","id":"%s","status":"active","intent":"order","medicationCodeableConcept":{"coding":[{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"%s","display":"%s"}],"text":"%s"},"subject":{"reference":"%s"},"encounter":{"reference":"%s"},"authoredOn":"%s","requester":{"reference":"%s"},"dosageInstruction":[{"sequence":1,"text":"Take as directed.","timing":{"repeat":{"frequency":%d,"period":1,"periodUnit":"d"}}}]}'
                % (p.uid(), c[0], c[1], c[1], ref, er, t0, dr, p.n(1, 3)),
            )
        if p.r() < 0.2:
            c = p.pick(PROC)
            out(
                "Procedure",
                '{"resourceType":"Procedure","id":"%s","status":"completed","code":{"coding":[{"system":"http://snomed.info/sct","code":"%s","display":"%s"}],"text":"%s"},"subject":{"reference":"%s"},"encounter":{"reference":"%s"},"performedPeriod":{"start":"%s","end":"%s"}}'
                % (p.uid(), c[0], c[1], c[1], ref, er, t0, t0),
            )
        if p.r() < 0.12:
            c = p.pick(VAX)
            out(
                "Immunization",
                '{"resourceType":"Immunization","id":"%s","status":"completed","vaccineCode":{"coding":[{"system":"http://hl7.org/fhir/sid/cvx","code":"%s","display":"%s"}],"text":"%s"},"patient":{"reference":"%s"},"encounter":{"reference":"%s"},"occurrenceDateTime":"%s","primarySource":true}'
                % (p.uid(), c[0], c[1], c[1], ref, er, t0),
            )
        x = p.r()
        if (
            x < 0.72 or k == 0 and not delta
        ):  # the first visit always has a document: --delta amends it
            did = P(seed, i, "docid").uid() if k == 0 and not delta else p.uid()
            c, title = p.pick(DOCS)
            txt = note(p, c, title, full, gen, max(0, int(d[:4]) - byear))
            blobb = None
            if p.r() < scan:
                blobb = b"%PDF-1.4\n" + p.bits(8 * p.n(20000, 180000)).to_bytes(
                    180000, "big"
                ).lstrip(b"\0")
            out(
                "DocumentReference",
                docref(p, did, "1", ref, er, c, title, t0, "final", txt, sec, blobb, odd),
            )
            T["docs"].append([did, c, d, eid])
            if p.r() < 0.15:
                out(
                    "Provenance",
                    '{"resourceType":"Provenance","id":"%s","target":[{"reference":"DocumentReference/%s"}],"recorded":"%s","activity":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-DataOperation","code":"CREATE"}]},"agent":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/provenance-participant-type","code":"author"}]},"who":{"reference":"%s"}}]}'
                    % (p.uid(), did, t0, dr),
                )
        if edge and p.r() < edge / 10:
            w["Encounter"].append(w["Encounter"][-1])
            T["duplicates"] = T.get("duplicates", 0) + 1  # the same line twice
        if hl7 is not None:
            ts = t0[:19].replace("-", "").replace(":", "").replace("T", "")
            hl7v2(
                hl7,
                p,
                i,
                k,
                ts,
                mrn,
                T["mergedFrom"] if k == 0 else None,
                fam,
                giv,
                bd,
                gen,
                city,
                st,
                zp,
                obs,
                txt,
            )
    if ccda is not None and not delta:
        ccda.append((pid, cda(p, pid, mrn, fam, giv, gen, bd, last, i)))
    return T


def docref(p, did, ver, ref, er, c, title, t0, dst, txt, sec, blobb, odd=False):
    raw = txt.encode()
    att = (
        '{"attachment":{"contentType":"text/plain; charset=utf-8","data":"%s","size":%d,"hash":"%s","title":"%s"}}'
        % (
            base64.b64encode(raw).decode(),
            len(raw),
            base64.b64encode(hashlib.sha1(raw).digest()).decode(),
            title,
        )
    )
    if blobb:
        att += (
            ',{"attachment":{"contentType":"application/pdf","data":"%s","size":%d,"hash":"%s","title":"scan"}}'
            % (
                base64.b64encode(blobb).decode(),
                len(blobb),
                base64.b64encode(hashlib.sha1(blobb).digest()).decode(),
            )
        )
    cont, au = "", '{"reference":"Practitioner/prac-%03d"}' % p.n(1, 400)
    if odd:
        cont, au = (
            '"contained":[{"resourceType":"Practitioner","id":"a1","name":[{"family":"%s"}]}],'
            % p.pick(FAM),
            '{"reference":"#a1"}',
        )
    rel = (
        ',"relatesTo":[{"code":"replaces","target":{"reference":"DocumentReference/%s/_history/%d"}}]'
        % (did, int(ver) - 1)
        if ver != "1"
        else ""
    )
    return (
        '{"resourceType":"DocumentReference","id":"%s","meta":{"versionId":"%s","lastUpdated":"%s"%s},%s"masterIdentifier":{"system":"urn:ietf:rfc:3986","value":"urn:uuid:%s"},"status":"current","docStatus":"%s","type":{"coding":[{"system":"http://loinc.org","code":"%s","display":"%s"}]},"category":[{"coding":[{"system":"http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category","code":"clinical-note"}]}],"subject":{"reference":"%s"},"date":"%s","author":[%s],"custodian":{"reference":"Organization/org-1"}%s,"content":[%s],"context":{%s"period":{"start":"%s","end":"%s"}}}'
        % (
            did,
            ver,
            t0,
            sec,
            cont,
            did,
            dst,
            c,
            title,
            ref,
            t0,
            au,
            rel,
            att,
            '"encounter":[{"reference":"%s"}],' % er if er else "",
            t0,
            t0,
        )
    )


def v2(s):  # ER7 escaping of text
    return (
        s.replace("\\", "\\E\\")
        .replace("|", "\\F\\")
        .replace("^", "\\S\\")
        .replace("&", "\\T\\")
        .replace("~", "\\R\\")
        .replace("\r", "")
        .replace("\n", "\\.br\\")
    )


def hl7v2(L, p, i, k, ts, mrn, mf, fam, giv, bd, gen, city, st, zp, obs, txt):
    head = (
        lambda ty, st_, n: "MSH|^~\\&|EHR|FAC1|ARCH|HIM|%s||%s|%d.%d.%s|P|2.5.1||||||UNICODE UTF-8\r"
        % (ts, ty, i, k, n)
    )
    pidseg = "PID|1||%s^^^FAC1&2.16.840.1.113883.19.5.1&ISO^MR||%s^%s||%s|%s|||%s^^%s^%s^%s||\r" % (
        mrn,
        v2(fam),
        v2(giv),
        bd.replace("-", ""),
        gen[0].upper(),
        "1 Main St",
        v2(city),
        st,
        zp,
    )
    pv1 = "PV1|1|O|CLIN^^^FAC1||||||||||||||||V%d-%d|||||||||||||||||||||||||%s\r" % (i, k, ts)
    if k == 0:
        L.append(head("ADT^A04^ADT_A01", 0, "a") + "EVN||%s\r" % ts + pidseg + pv1)
    if mf:
        L.append(
            head("ADT^A40^ADT_A39", 0, "m")
            + "EVN||%s\r" % ts
            + pidseg
            + "MRG|%s^^^FAC1&2.16.840.1.113883.19.5.1&ISO^MR\r" % mf["mrn"]
        )
    if obs:
        L.append(
            head("ORU^R01^ORU_R01", 0, "o")
            + pidseg
            + pv1
            + "OBR|1|P%d|F%d|51990-0^Basic metabolic panel^LN|||%s\r"
            % (i * 100 + k, i * 100 + k, ts)
            + "".join(
                "OBX|%d|NM|%s^%s^LN||%s|%s|||||F|||%s\r"
                % (j + 1, o[1], v2(o[2]), o[3], v2(o[4]), ts)
                for j, o in enumerate(obs)
            )
        )
    if txt:
        L.append(
            head("MDM^T02^MDM_T02", 0, "t")
            + "EVN||%s\r" % ts
            + pidseg
            + pv1
            + "TXA|1|PN|TX|%s|||||||D%d-%d^EHR|||||AU\r" % (ts, i, k)
            + "OBX|1|TX|11506-3^Progress note^LN||%s||||||F\r" % v2(txt)
        )


def cda(p, pid, mrn, fam, giv, gen, bd, last, i):
    x = lambda s: s.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ClinicalDocument xmlns="urn:hl7-org:v3"><realmCode code="US"/><typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/><templateId root="2.16.840.1.113883.10.20.22.1.2" extension="2015-08-01"/>'
        '<id root="%s"/><code code="34133-9" codeSystem="2.16.840.1.113883.6.1"/><title>Summary</title><effectiveTime value="%s120000-0500"/><confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25"/><languageCode code="en-US"/><setId root="%s"/><versionNumber value="1"/>'
        '<recordTarget><patientRole><id root="2.16.840.1.113883.19.5.1" extension="%s"/><patient><name><given>%s</given><family>%s</family></name><administrativeGenderCode code="%s" codeSystem="2.16.840.1.113883.5.1"/><birthTime value="%s"/></patient></patientRole></recordTarget>'
        '<author><time value="%s"/><assignedAuthor><id root="2.16.840.1.113883.4.6" extension="99999%05d"/></assignedAuthor></author><custodian><assignedCustodian><representedCustodianOrganization><id root="2.16.840.1.113883.19.5"/></representedCustodianOrganization></assignedCustodian></custodian>'
        "<component><structuredBody><component><section><title>Notes</title><text>%s</text></section></component></structuredBody></component></ClinicalDocument>\n"
        % (
            p.uid(),
            last.replace("-", ""),
            p.uid(),
            mrn,
            x(giv),
            x(fam),
            gen[0].upper(),
            bd.replace("-", ""),
            last.replace("-", ""),
            p.n(1, 400),
            x(note(p, 0, "Summary", giv, gen, 40)),
        )
    )


def chunk(a):
    seed, lo, hi, out, delta, scan, edge, truth, hl7on, ccdaon, dry = a
    w, ts = {}, []
    hl7 = [] if hl7on else None
    cd = [] if ccdaon else None
    for i in range(lo, hi):
        T = patient(seed, i, delta, scan, edge, w, truth, hl7, cd)
        if T:
            ts.append(json.dumps(T, ensure_ascii=False, separators=(",", ":")))
    if dry:
        return sum(len(l.encode()) + 1 for v in w.values() for l in v)
    res = []
    n = "%05d" % (lo // CH)

    def wr(name, data, cnt, ty):
        with open(os.path.join(out, name), "wb") as f:
            f.write(data)
        res.append((ty, name, cnt, len(data), hashlib.sha256(data).hexdigest()))

    for t in sorted(w):
        wr("%s.%s.ndjson" % (t.lstrip("_"), n), ("\n".join(w[t]) + "\n").encode(), len(w[t]), t)
    if truth and ts:
        wr("truth.%s.ndjson" % n, ("\n".join(ts) + "\n").encode(), len(ts), "_truth")
    if hl7:
        wr(
            "messages.%s.hl7" % n,
            (
                "BHS|^~\\&|EHR|FAC1|ARCH|HIM|20260101000000\r"
                + "".join(hl7)
                + "BTS|%d\r" % len(hl7)
            ).encode(),
            len(hl7),
            "_hl7",
        )
    if cd:
        os.makedirs(os.path.join(out, "ccda"), exist_ok=True)
        for pid, s in cd:
            open(os.path.join(out, "ccda", pid + ".xml"), "wb").write(s.encode())
    return res


CH = 250


def init(c):
    global CH
    CH = c


def main():
    global CH
    ap = argparse.ArgumentParser()
    A = ap.add_argument
    A("--out", required=True)
    A("--patients", type=int)
    A("--target-mb", type=float)
    A("--seed", default="1")
    A("--jobs", type=int, default=os.cpu_count())
    A("--chunk", type=int, default=250)
    A("--delta", type=int, default=0)
    A("--scan-rate", type=float, default=0.03)
    A("--edge-rate", type=float, default=0.02)
    A("--hl7", action="store_true")
    A("--ccda", action="store_true")
    A("--no-truth", action="store_true")
    o = ap.parse_args()
    CH = o.chunk
    t = time.time()
    if o.target_mb:
        o.patients = max(
            1,
            int(
                o.target_mb
                * 1e6
                / (
                    chunk(
                        (o.seed, 0, 150, "", 0, o.scan_rate, o.edge_rate, False, False, False, True)
                    )
                    / 150
                )
            ),
        )
    if not o.patients:
        ap.error("--patients or --target-mb is needed")
    os.makedirs(o.out, exist_ok=True)
    files = []
    org = "".join(
        '{"resourceType":"Organization","id":"org-%d","active":true,"name":"Example Health %d"}\n'
        % (k, k)
        for k in range(1, 5)
    ).encode()
    pr = "".join(
        '{"resourceType":"Practitioner","id":"prac-%03d","identifier":[{"system":"http://hl7.org/fhir/sid/us-npi","value":"99999%05d"}],"active":true,"name":[{"family":"%s","given":["%s"],"prefix":["Dr."]}]}\n'
        % (k, k, FAM[k % 50], GIV[k % 40])
        for k in range(1, 401)
    ).encode()
    if not o.delta:
        for n, d in (("Organization", org), ("Practitioner", pr)):
            open(os.path.join(o.out, n + ".00000.ndjson"), "wb").write(d)
            files.append(
                (n, n + ".00000.ndjson", d.count(b"\n"), len(d), hashlib.sha256(d).hexdigest())
            )
    jobs = [
        (
            o.seed,
            lo,
            min(lo + CH, o.patients),
            o.out,
            o.delta,
            o.scan_rate,
            o.edge_rate,
            not o.no_truth,
            o.hl7,
            o.ccda,
            False,
        )
        for lo in range(0, o.patients, CH)
    ]
    with Pool(o.jobs, init, (CH,)) as pool:
        for r in pool.imap(chunk, jobs):
            files += r
    row = lambda f: dict(type=f[0], url="file:" + f[1], count=f[2], bytes=f[3], sha256=f[4])
    m = dict(
        transactionTime="2026-%02d-01T00:00:00Z" % (1 + o.delta),
        request="%sGroup/all/$export%s"
        % (BASE, "?_since=2026-%02d-01T00:00:00Z" % o.delta if o.delta else ""),
        requiresAccessToken=False,
        output=[row(f) for f in files if f[0][0] != "_"],
        deleted=[row(f) for f in files if f[0] == "_deleted"],
        error=[],
        extension=dict(
            other=[row(f) for f in files if f[0] in ("_truth", "_hl7")],
            seed=o.seed,
            patients=o.patients,
            delta=o.delta,
        ),
    )
    json.dump(m, open(os.path.join(o.out, "manifest.json"), "w"), indent=1)
    b = sum(f[3] for f in files if f[0][0] != "_")
    dt = time.time() - t
    print(
        "%d patients, %d resources, %.1f MB in %.1f s (%.1f MB/s)"
        % (o.patients, sum(f[2] for f in files if f[0][0] != "_"), b / 1e6, dt, b / 1e6 / dt)
    )


if __name__ == "__main__":
    main()
