"""The same events as HL7 v2 messages, with CR behind each segment."""


def v2(s):
    """Text as it stands in a field."""
    return (
        s.replace("\\", "\\E\\")
        .replace("|", "\\F\\")
        .replace("^", "\\S\\")
        .replace("&", "\\T\\")
        .replace("~", "\\R\\")
        .replace("\r", "")
        .replace("\n", "\\.br\\")
    )


def hl7v2(L, person, visit):
    """The messages of a visit: admission, merge, results and note."""
    i, k = person.number, visit.k
    ts = visit.time[:19].replace("-", "").replace(":", "").replace("T", "")
    mf = person.truth["mergedFrom"] if k == 0 else None
    obs, txt = visit.observations, visit.text
    head = (
        lambda ty, n: "MSH|^~\\&|EHR|FAC1|ARCH|HIM|%s||%s|%d.%d.%s|P|2.5.1||||||UNICODE UTF-8\r"
        % (ts, ty, i, k, n)
    )
    pidseg = "PID|1||%s^^^FAC1&2.16.840.1.113883.19.5.1&ISO^MR||%s^%s||%s|%s|||%s^^%s^%s^%s||\r" % (
        person.mrn,
        v2(person.family),
        v2(person.given),
        person.birth_date.replace("-", ""),
        person.gender[0].upper(),
        "1 Main St",
        v2(person.city),
        person.state,
        person.postal_code,
    )
    pv1 = "PV1|1|O|CLIN^^^FAC1||||||||||||||||V%d-%d|||||||||||||||||||||||||%s\r" % (i, k, ts)
    if k == 0:
        L.append(head("ADT^A04^ADT_A01", "a") + "EVN||%s\r" % ts + pidseg + pv1)
    if mf:
        L.append(
            head("ADT^A40^ADT_A39", "m")
            + "EVN||%s\r" % ts
            + pidseg
            + "MRG|%s^^^FAC1&2.16.840.1.113883.19.5.1&ISO^MR\r" % mf["mrn"]
        )
    if obs:
        L.append(
            head("ORU^R01^ORU_R01", "o")
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
            head("MDM^T02^MDM_T02", "t")
            + "EVN||%s\r" % ts
            + pidseg
            + pv1
            + "TXA|1|PN|TX|%s|||||||D%d-%d^EHR|||||AU\r" % (ts, i, k)
            + "OBX|1|TX|11506-3^Progress note^LN||%s||||||F\r" % v2(txt)
        )


def follow_up_merge(L, person, delta):
    """A merge that a follow-up export brings."""
    L.append(
        "MSH|^~\\&|EHR|FAC1|ARCH|HIM|20260110000000||ADT^A40^ADT_A39|%d.m%d|P|2.5.1||||||UNICODE UTF-8\rEVN||20260110000000\rPID|1||%s^^^FAC1&2.16.840.1.113883.19.5.1&ISO^MR||\rMRG|%s^^^FAC1&2.16.840.1.113883.19.5.1&ISO^MR\r"
        % (person.number, delta, person.truth["mergedInto"]["mrn"], person.mrn)
    )


def batch(messages):
    head = "BHS|^~\\&|EHR|FAC1|ARCH|HIM|20260101000000\r"
    return head + "".join(messages) + "BTS|%d\r" % len(messages)
