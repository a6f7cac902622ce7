#include "CCodecs.h"

// Swift's clang knows #embed in every dialect and only remarks that C23 brought it.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const uint8_t fhir_json_1[] = {
#embed "dictionaries/fhir-json-1.dict"
};

const uint8_t *cc_fhir_json_dictionary(size_t *byte_count)
{
    *byte_count = sizeof fhir_json_1;
    return fhir_json_1;
}
