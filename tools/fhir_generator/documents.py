"""The resource that holds a document: its text, and for some a scan."""

import base64, hashlib

from .chance import Chance
from .names import FAMILY_NAMES


def document_id(settings, person):
    """The id of the document of the first visit."""
    return Chance(settings.seed, person.number, "docid").uid()


def docref(p, did, ver, ref, er, c, title, t0, status, txt, sec, scan, odd=False):
    """The DocumentReference of a version of a document; `odd` ones contain their author."""
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
    if scan:
        att += (
            ',{"attachment":{"contentType":"application/pdf","data":"%s","size":%d,"hash":"%s","title":"scan"}}'
            % (
                base64.b64encode(scan).decode(),
                len(scan),
                base64.b64encode(hashlib.sha1(scan).digest()).decode(),
            )
        )
    cont, au = "", '{"reference":"Practitioner/prac-%03d"}' % p.n(1, 400)
    if odd:
        cont, au = (
            '"contained":[{"resourceType":"Practitioner","id":"a1","name":[{"family":"%s"}]}],'
            % p.pick(FAMILY_NAMES),
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
            status,
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
