"""The same patient as a C-CDA document: its header and one section."""

from .notes import note


def cda(p, person):
    """A Continuity of Care Document with little in it."""
    x = lambda s: s.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ClinicalDocument xmlns="urn:hl7-org:v3"><realmCode code="US"/><typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/><templateId root="2.16.840.1.113883.10.20.22.1.2" extension="2015-08-01"/>'
        '<id root="%s"/><code code="34133-9" codeSystem="2.16.840.1.113883.6.1"/><title>Summary</title><effectiveTime value="%s120000-0500"/><confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25"/><languageCode code="en-US"/><setId root="%s"/><versionNumber value="1"/>'
        '<recordTarget><patientRole><id root="2.16.840.1.113883.19.5.1" extension="%s"/><patient><name><given>%s</given><family>%s</family></name><administrativeGenderCode code="%s" codeSystem="2.16.840.1.113883.5.1"/><birthTime value="%s"/></patient></patientRole></recordTarget>'
        '<author><time value="%s"/><assignedAuthor><id root="2.16.840.1.113883.4.6" extension="99999%05d"/></assignedAuthor></author><custodian><assignedCustodian><representedCustodianOrganization><id root="2.16.840.1.113883.19.5"/></representedCustodianOrganization></assignedCustodian></custodian>'
        "<component><structuredBody><component><section><title>Notes</title><text>%s</text></section></component></structuredBody></component></ClinicalDocument>\n"
        % (
            p.uid(),
            person.last.replace("-", ""),
            p.uid(),
            person.mrn,
            x(person.given),
            x(person.family),
            person.gender[0].upper(),
            person.birth_date.replace("-", ""),
            person.last.replace("-", ""),
            p.n(1, 400),
            x(note(p, "Summary", person.given, person.gender, 40)),
        )
    )
