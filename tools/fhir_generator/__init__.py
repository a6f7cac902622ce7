"""The parts of `gen_fhir.py`.

  names         what people and towns are called
  codes         what is observed, diagnosed, prescribed and done, with its codes
  chance        the one source of chance, and dates and times from it
  notes         what a clinician writes
  person        who a patient is, and the resources that say so
  documents     the resource that holds a document
  encounters    a visit, and the resources that come of it
  follow_ups    what a later export brings of the same patient
  messages      the same events as HL7 v2 messages
  summaries     the same patient as a C-CDA document
  patients      all of one patient, from the parts above
  chunks        the files of some hundreds of patients
  manifest      the files that are shared, and the list of all files

The order in which a patient's parts draw from chance is part of the output: whoever adds a draw between
two others changes all bytes behind it, and with them every corpus that a seed stands for.
"""
