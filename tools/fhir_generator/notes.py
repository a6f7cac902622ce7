"""What a clinician writes: sentences, and notes of them."""

from .codes import CONDITIONS, MEDICATIONS

COMPLAINTS = [
    "{n} presents with {c} of {k} days duration.",
    "Follow-up visit for {c}.",
    "{n} returns for review of {c}; interval history is otherwise unremarkable.",
    "Patient is a {a} year old {g} seen for {c}.",
    "Brought in by family because of {c}, worse over the last {k} days.",
    "Seen at the request of the primary team regarding {c}.",
]

HISTORY = [
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

EXAMINATION = [
    "Vital signs: BP {s}/{d} mmHg, pulse {p}, temperature {t} C, SpO2 {o}% on room air.",
    "Lungs clear to auscultation bilaterally, no wheezes or crackles.",
    "Heart regular rate and rhythm with a {k}/6 systolic murmur at the left sternal border.",
    "Abdomen soft, non-tender, normal bowel sounds, no organomegaly.",
    "Extremities without cyanosis, clubbing or edema; pulses 2+ and symmetric.",
    "Neurologic examination is non-focal; gait steady.",
    "Skin warm and dry; {k} cm healing lesion over the left forearm.",
]

FINDINGS = [
    "Glucose {u} mg/dL, creatinine {r} mg/dL, potassium {q} mmol/L; compared with {y} the trend is stable.",
    "Hemoglobin {h} g/dL with normal indices.",
    "ECG shows sinus rhythm at {p} beats per minute without acute ST changes.",
    "Chest radiograph: no focal consolidation, effusion or pneumothorax.",
]

PLANS = [
    "Continue {m}.",
    "Start {m} and recheck laboratory values in {k} weeks.",
    "Discussed risks, benefits and alternatives; patient agrees with the plan.",
    "Return precautions were reviewed; call for fever, worsening pain or new symptoms.",
    "Refer to specialty clinic within {k} weeks.",
    "Hold {m} until reviewed by pharmacy.",
    "Follow up in {k} months or sooner as needed.",
    "Total time spent on the day of the encounter: {p} minutes.",
]


def note(p, title, name, g, age):
    """A note of five chapters on a person of that name, gender and age."""
    f = dict(n=name, g=g, a=age, c="", k=0, y=0, s=0, d=0, p=0, t=0, o=0, u=0, r=0, q=0, h=0, m="")

    def s(lst, k):
        out = []
        for _ in range(k):
            f.update(
                c=p.pick(CONDITIONS)[1].lower(),
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
                m=p.pick(MEDICATIONS)[1],
            )
            out.append(p.pick(lst).format(**f))
        return " ".join(out)

    z = 1 + p.some(1.1)
    return (
        "%s\n\nCHIEF COMPLAINT\n%s\n\nHISTORY\n%s\n\nEXAMINATION\n%s\n\nDATA\n%s\n\nASSESSMENT AND PLAN\n%s\n"
        % (
            title.upper(),
            s(COMPLAINTS, 1),
            s(HISTORY, 2 * z),
            s(EXAMINATION, 2 * z),
            s(FINDINGS, z),
            s(PLANS, 2 * z),
        )
    )
