/* Tables that do not keep the C data interface, or not our columns: each is told by a status, the column and what is wrong with it. */
#include "spoiled.h"

static const int32_t going_back[] = {0, 4, 2, 6, 8};
static const int32_t below_zero[] = {-2, 0, 2, 4, 6};
static const int32_t within[] = {0, 1, 4, 6, 8};
static const int8_t beyond[] = {0, 3, 9, 1};
static const int32_t negative_doses[] = {1, -1, 1, 1};
static const int64_t huge_long_ends[] = {0, 2, 4, INT64_MIN, 8};

SPOIL(no_struct, schema->format = "l")
SPOIL(no_format, schema->format = NULL)
SPOIL(no_columns, schema->n_children = 0)
SPOIL(negative_columns, schema->n_children = -1)
SPOIL(many_columns, schema->n_children = INT64_MAX)
SPOIL(null_columns, schema->children = NULL)
SPOIL(null_column, schema->children[AMOUNT] = NULL)
SPOIL(null_format, schema->children[AMOUNT]->format = NULL)
SPOIL(empty_format, schema->children[AMOUNT]->format = "")
SPOIL(garbage_format, schema->children[AMOUNT]->format = "d:9999999999999999999,-,,,")
SPOIL(binary_format, schema->children[AMOUNT]->format = "\xff\xfe")
SPOIL(narrow, schema->children[AMOUNT]->format = "i")
SPOIL(floating, schema->children[AMOUNT]->format = "g")
SPOIL(fine_scale, schema->children[PRICE]->format = "d:12,8")
SPOIL(below_scale, schema->children[PRICE]->format = "d:12,-2")
SPOIL(whole_price, schema->children[PRICE]->format = "l")
SPOIL(null_name, schema->children[AMOUNT]->name = NULL)
SPOIL(binary_name, schema->children[AMOUNT]->name = "\xff")
SPOIL(unknown_name, schema->children[AMOUNT]->name = "amount")
SPOIL(same_name, schema->children[AMOUNT]->name = "line_id")
SPOIL(plain_dictionary, schema->children[KIND]->dictionary = NULL; array->children[KIND]->dictionary = NULL)
SPOIL(number_dictionary, schema->children[KIND]->dictionary->format = "l")
SPOIL(text_keys, schema->children[KIND]->format = "u")
SPOIL(released_column, schema->children[AMOUNT]->release = NULL)

SPOIL(negative_length, array->length = -1)
SPOIL(endless_length, array->length = INT64_MAX)
SPOIL(negative_offset, array->offset = -1)
SPOIL(far_offset, array->offset = INT64_MAX - 2)
SPOIL(long_table, array->length = 5)
SPOIL(fewer_children, array->n_children = COLUMNS - 1)
SPOIL(negative_children, array->n_children = -1)
SPOIL(no_children, array->children = NULL)
SPOIL(child_is_null, array->children[AMOUNT] = NULL)
SPOIL(child_is_released, array->children[AMOUNT]->release = NULL)
SPOIL(table_buffers, array->n_buffers = 0)
SPOIL(table_has_no_buffers, array->buffers = NULL)
SPOIL(table_has_nulls, static const uint8_t bits[] = {0x0e}; array->buffers[0] = bits; array->null_count = 1)
SPOIL(one_buffer, array->children[AMOUNT]->n_buffers = 1)
SPOIL(many_buffers, array->children[LINE_ID]->n_buffers = INT64_MAX)
SPOIL(no_buffers, array->children[AMOUNT]->buffers = NULL)
SPOIL(crooked_buffers, array->children[AMOUNT]->buffers = (const void **)((char *)array->children[AMOUNT]->buffers + 1))
SPOIL(null_buffer, array->children[AMOUNT]->buffers[1] = NULL)
SPOIL(crooked_buffer, array->children[AMOUNT]->buffers[1] = (const char *)amounts + 1)
SPOIL(null_offsets, array->children[LINE_ID]->buffers[1] = NULL)
SPOIL(null_texts, array->children[LINE_ID]->buffers[2] = NULL)
SPOIL(offsets_go_back, array->children[LINE_ID]->buffers[1] = going_back)
SPOIL(offsets_below_zero, array->children[LINE_ID]->buffers[1] = below_zero)
SPOIL(long_offsets_below_zero, array->children[PATIENT_ID]->buffers[1] = huge_long_ends)
SPOIL(binary_text, array->children[LINE_ID]->buffers[2] = "L1\xff\xfeL3L4")
SPOIL(torn_text, array->children[LINE_ID]->buffers[1] = within; array->children[LINE_ID]->buffers[2] = "\xc3\xa9L2L3L4")
SPOIL(short_child, array->children[AMOUNT]->length = 3)
SPOIL(negative_child, array->children[AMOUNT]->length = -4)
SPOIL(child_offset, array->children[AMOUNT]->offset = INT64_MIN)
SPOIL(nulls_below, array->children[AMOUNT]->null_count = -2)
SPOIL(nulls_beyond, array->children[AMOUNT]->null_count = 5)
SPOIL(nulls_without_bits, array->children[AMOUNT]->null_count = 1)
SPOIL(nulls_hidden, array->children[EXEC]->null_count = 0)
SPOIL(nulls_miscounted, array->children[EXEC]->null_count = 2)
SPOIL(dictionary_gone, array->children[KIND]->dictionary = NULL)
SPOIL(dictionary_released, array->children[KIND]->dictionary->release = NULL)
SPOIL(dictionary_short, array->children[KIND]->dictionary->length = -3)
SPOIL(dictionary_torn, array->children[KIND]->dictionary->buffers[1] = going_back)
SPOIL(unexpected_dictionary, array->children[AMOUNT]->dictionary = array->children[KIND]->dictionary)
SPOIL(keys_beyond, array->children[KIND]->buffers[1] = beyond)
SPOIL(amounts_null, static const uint8_t bits[] = {0x07}; array->children[AMOUNT]->buffers[0] = bits; array->children[AMOUNT]->null_count = 1)
SPOIL(unknown_kind, array->children[KIND]->dictionary->buffers[2] = "drugsarvicematerial")
SPOIL(blank_id, array->children[LINE_ID]->buffers[2] = "L1L2L L4")
SPOIL(doses_below_zero, array->children[DOSES]->buffers[1] = negative_doses)

static const hostile cases[] = {
    {no_struct, "lines", "must be a struct"},
    {no_format, "lines", "must be a struct"},
    {no_columns, "lines", "impossible number of columns"},
    {negative_columns, "lines", "impossible number of columns"},
    {many_columns, "lines", "impossible number of columns"},
    {null_columns, "lines", "NULL"},
    {null_column, "lines", "NULL"},
    {null_format, "lines.amount_fen", "type that no column has"},
    {empty_format, "lines.amount_fen", "type that no column has"},
    {garbage_format, "lines.amount_fen", "type that no column has"},
    {binary_format, "lines.amount_fen", "type that no column has"},
    {narrow, "lines.amount_fen", "is int32; must be int64"},
    {floating, "lines.amount_fen", "is float64; must be int64"},
    {fine_scale, "lines.price", "has scale 8; must have 0 to 6"},
    {below_scale, "lines.price", "has scale -2; must have 0 to 6"},
    {whole_price, "lines.price", "is int64; must be decimal128"},
    {null_name, "lines", "without a name"},
    {binary_name, "lines", "without a name"},
    {unknown_name, "lines.amount", "is not a column of this table"},
    {same_name, "lines.line_id", "is there twice"},
    {plain_dictionary, "lines.kind", "is int8; must be utf8"},
    {number_dictionary, "lines.kind", "dictionary of another type"},
    {text_keys, "lines.kind", "dictionary of another type"},
    {released_column, "lines.amount_fen", "released before"},
    {negative_length, "lines", "length or an offset"},
    {endless_length, "lines", "length or an offset"},
    {negative_offset, "lines", "length or an offset"},
    {far_offset, "lines", "length or an offset"},
    {long_table, "lines.line_id", "fewer rows"},
    {fewer_children, "lines", "children of its type"},
    {negative_children, "lines", "children of its type"},
    {no_children, "lines", "children of its type"},
    {child_is_null, "lines.amount_fen", "is NULL"},
    {child_is_released, "lines.amount_fen", "released before"},
    {table_buffers, "lines", "buffers of its type"},
    {table_has_no_buffers, "lines", "buffers of its type"},
    {table_has_nulls, "lines", "rows that are null"},
    {one_buffer, "lines.amount_fen", "buffers of its type"},
    {many_buffers, "lines.line_id", "buffers of its type"},
    {no_buffers, "lines.amount_fen", "buffers of its type"},
    {crooked_buffers, "lines.amount_fen", "buffers of its type"},
    {null_buffer, "lines.amount_fen", "buffer that is NULL"},
    {crooked_buffer, "lines.amount_fen", "not aligned"},
    {null_offsets, "lines.line_id", "buffer that is NULL"},
    {null_texts, "lines.line_id", "buffer that is NULL"},
    {offsets_go_back, "lines.line_id", "offsets that go back"},
    {offsets_below_zero, "lines.line_id", "offsets that go back or below zero"},
    {long_offsets_below_zero, "lines.patient_id", "offsets that go back or below zero"},
    {binary_text, "lines.line_id", "not UTF-8"},
    {torn_text, "lines.line_id", "not UTF-8"},
    {short_child, "lines.amount_fen", "fewer rows"},
    {negative_child, "lines.amount_fen", "length or an offset"},
    {child_offset, "lines.amount_fen", "length or an offset"},
    {nulls_below, "lines.amount_fen", "number of nulls that cannot be"},
    {nulls_beyond, "lines.amount_fen", "number of nulls that cannot be"},
    {nulls_without_bits, "lines.amount_fen", "another number of nulls"},
    {nulls_hidden, "lines.exec_dept_code", "another number of nulls"},
    {nulls_miscounted, "lines.exec_dept_code", "another number of nulls"},
    {dictionary_gone, "lines.kind", "dictionary"},
    {dictionary_released, "lines.kind", "released before"},
    {dictionary_short, "lines.kind", "length or an offset"},
    {dictionary_torn, "lines.kind", "offsets that go back"},
    {unexpected_dictionary, "lines.amount_fen", "dictionary"},
    {keys_beyond, "lines.kind", "C data interface"},
    {amounts_null, "lines[3].amount_fen", "is null"},
    {unknown_kind, "lines[1].kind", "not a known word; expected one of drug, herb, material, service"},
    {blank_id, "lines[2].line_id", "1 to 64 printable characters"},
    {doses_below_zero, "lines[1].doses", "below zero"},
};

int main(void) {
  refuses(cases, sizeof cases / sizeof *cases);
  CHECK(mj_strings_outstanding() == 0);
  return summary();
}
