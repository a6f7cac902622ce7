"""What is observed, diagnosed, prescribed and done, with its codes; and systems of identifiers."""

BASE = "https://ehr.example.org/fhir/"

# The systems of record numbers, of two hospitals.
MRN1, MRN2 = "urn:oid:2.16.840.1.113883.19.5.1", "urn:oid:2.16.840.1.113883.19.5.2"

# LOINC code, title.
DOCUMENTS = [
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

# LOINC code, name, unit, lowest and highest value, decimals.
OBSERVATIONS = [
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

# SNOMED CT code, name, ICD-10-CM code.
CONDITIONS = [
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

# RxNorm code, name.
MEDICATIONS = [
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

# SNOMED CT code, name.
PROCEDURES = [
    ("80146002", "Appendectomy"),
    ("73761001", "Colonoscopy"),
    ("40701008", "Echocardiography"),
    ("399208008", "Plain chest X-ray"),
    ("77477000", "Computerized axial tomography"),
    ("232717009", "Coronary artery bypass graft"),
    ("265764009", "Renal dialysis"),
    ("710824005", "Assessment of health and social care needs"),
]

# CVX code, name.
VACCINES = [
    ("140", "Influenza, seasonal, injectable, preservative free"),
    ("113", "Td (adult)"),
    ("33", "pneumococcal polysaccharide PPV23"),
    ("207", "COVID-19, mRNA, LNP-S"),
    ("03", "MMR"),
]

# RxNorm code, name.
ALLERGENS = [
    ("7980", "penicillin G"),
    ("1191", "aspirin"),
    ("2670", "codeine"),
    ("10831", "sulfamethoxazole"),
    ("2002", "peanut"),
    ("1313200", "latex"),
]

# Code, name, how many of a hundred.
ENCOUNTER_CLASSES = [
    ("AMB", "ambulatory", 70),
    ("EMER", "emergency", 12),
    ("IMP", "inpatient encounter", 10),
    ("VR", "virtual", 8),
]
