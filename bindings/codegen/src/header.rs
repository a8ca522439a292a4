//! bindings/c/include/menjie.h: declarations by cbindgen, the numbers of the code table from the core.

use std::path::Path;

use cbindgen::{Builder, Config, DocumentationLength, DocumentationStyle, ExportConfig, FunctionConfig, Language, Style};
use menjie::error::Code;

use crate::NOTICE;

/// The sources, in the order in which a reader meets what they declare.
const SOURCES: [&str; 13] = ["misuse", "entry", "version", "call", "ports", "engine", "port_host", "last_error", "texts", "text", "log", "message", "batch"];

const ABOUT: &str = "/* menjie: the outpatient settlement engine for C. Guide: docs/guide/c.md; operations: docs/contract; errors: docs/errors.md.
 *
 * Texts are UTF-8 and end with a NUL. What the library gives out is freed with its own functions. Functions that can fail return mj_status;
 * null, wrongly encoded and too long texts, and handles that were freed or never given out, are told by a status. What no library can find
 * out is a pointer that leads nowhere, and a text without its NUL. The last error is kept for each thread. */";

const LINKAGE: &str = "#if defined(_WIN32) && !defined(MENJIE_STATIC)
#define MJ_API __declspec(dllimport)
#else
#define MJ_API
#endif";

/// The structures of Arrow, as every header that has them writes them: whichever comes first counts.
const ARROW: &str = "/* Arrow's C data and C stream interfaces: https://arrow.apache.org/docs/format/CDataInterface.html */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4
struct ArrowSchema {
  const char *format;
  const char *name;
  const char *metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema **children;
  struct ArrowSchema *dictionary;
  void (*release)(struct ArrowSchema *);
  void *private_data;
};
struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void **buffers;
  struct ArrowArray **children;
  struct ArrowArray *dictionary;
  void (*release)(struct ArrowArray *);
  void *private_data;
};
#endif
#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE
struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
  int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
  const char *(*get_last_error)(struct ArrowArrayStream *);
  void (*release)(struct ArrowArrayStream *);
  void *private_data;
};
#endif";

pub(crate) fn text() -> Result<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../c/src");
    let builder = SOURCES.iter().fold(Builder::new().with_config(config()), |builder, name| builder.with_src(folder.join(format!("{name}.rs"))));
    let bindings = builder.generate().map_err(|e| e.to_string())?;
    let mut text = Vec::new();
    bindings.write(&mut text);
    let text = String::from_utf8(text).map_err(|e| e.to_string())?;
    // What was skipped would be missed by C programs only.
    let exported = |source: &str| source.lines().filter(|line| line.starts_with("#[unsafe(no_mangle)]")).count();
    let mut wanted = 0;
    for name in SOURCES {
        wanted += exported(&std::fs::read_to_string(folder.join(format!("{name}.rs"))).map_err(|e| format!("{name}.rs: {e}"))?);
    }
    let declared = text.lines().filter(|line| line.starts_with("MJ_API ")).count();
    if declared != wanted { Err(format!("menjie.h declares {declared} functions of {wanted}")) } else { Ok(text) }
}

fn config() -> Config {
    Config {
        language: Language::C,
        cpp_compat: true,
        style: Style::Both,
        include_guard: Some("MENJIE_H".to_owned()),
        autogen_warning: Some(format!("/* {NOTICE} */")),
        header: Some(ABOUT.to_owned()),
        no_includes: true,
        sys_includes: ["stddef.h", "stdint.h"].map(str::to_owned).to_vec(),
        after_includes: Some(format!("\n{LINKAGE}\n\n{ARROW}\n\n{}", codes())),
        line_length: 200,
        documentation: true,
        documentation_style: DocumentationStyle::C,
        documentation_length: DocumentationLength::Full,
        usize_is_size_t: true,
        defines: [("feature = testing".to_owned(), "MJ_TESTING".to_owned())].into(),
        export: ExportConfig {
            rename: ["ArrowSchema", "ArrowArray", "ArrowArrayStream"].map(|name| (name.to_owned(), format!("struct {name}"))).into(),
            ..ExportConfig::default()
        },
        function: FunctionConfig { prefix: Some("MJ_API".to_owned()), ..FunctionConfig::default() },
        ..Config::default()
    }
}

/// Every code of the table, under its own number.
fn codes() -> String {
    let line = |code: &Code| format!("/* {} */\n#define MJ_{} {}\n", code.text(), shouted(code.name()), code.number());
    Code::ALL.iter().map(line).collect()
}

/// `BadRequest` → `BAD_REQUEST`.
fn shouted(name: &str) -> String {
    name.char_indices().fold(String::new(), |mut text, (at, letter)| {
        if at > 0 && letter.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(letter.to_ascii_uppercase());
        text
    })
}
