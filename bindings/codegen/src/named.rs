//! bindings/c/include/menjie_ops.h: a function for each operation, so that a misspelt name is a compiler's error. They are inline: the library
//! exports mj_call alone, and an operation more is no change of its interface.

use menjie_bridge::{Op, table};

use crate::NOTICE;

pub(crate) fn text() -> String {
    let functions: String = table().iter().map(function).collect();
    format!(
        "/* Every operation by its own name; mj_call says what holds of all of them. An operation that the library was built without is\n * MJ_UNKNOWN_OPERATION. */\n\n\
         #ifndef MENJIE_OPS_H\n#define MENJIE_OPS_H\n\n/* {NOTICE} */\n\n#include \"menjie.h\"\n{functions}\n#endif /* MENJIE_OPS_H */\n"
    )
}

fn function(op: &Op) -> String {
    let (parameter, engine) = if op.kind.needs_engine() { ("struct mj_engine *engine, ", "engine") } else { ("", "NULL") };
    let name = op.name.replace('.', "_");
    format!(
        "\n/* {purpose} docs/contract/{op}.md */\nstatic inline mj_status mj_{name}({parameter}const char *request, char **response) {{\n  return mj_call({engine}, \"{op}\", request, response);\n}}\n",
        purpose = op.purpose,
        op = op.name,
    )
}
