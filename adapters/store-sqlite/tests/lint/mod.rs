//! A token-level linter for the portable subset (domain/data.md §2): what it does not know, it refuses.

use std::collections::BTreeSet;

/// Keywords of the subset. Everything else in capitals is refused: that covers every banned form (ON CONFLICT, RETURNING,
/// FOR UPDATE, FILTER, LATERAL, OFFSET, ILIKE, WITH, NOW() …) without naming them.
const KEYWORDS: &[&str] = &[
    "SELECT", "FROM", "WHERE", "AND", "OR", "NOT", "EXISTS", "IS", "NULL", "IN", "INSERT", "INTO", "VALUES", "UPDATE", "SET", "DELETE", "ORDER", "BY", "DESC", "ASC", "LIMIT",
    "GROUP", "HAVING", "CASE", "WHEN", "THEN", "ELSE", "END", "CAST", "AS", "CREATE", "TABLE", "INDEX", "ON", "IF", "PRIMARY", "KEY", "UNIQUE", "CHECK",
];
/// Functions that mean the same everywhere (R4).
const FUNCTIONS: &[&str] = &["COUNT", "SUM", "MIN", "MAX", "ABS", "COALESCE", "NULLIF", "SUBSTR", "LENGTH", "LOWER", "TRIM", "REPLACE", "ROW_NUMBER", "RANK"];
/// Keywords that may stand before a parenthesis.
const BEFORE_PAREN: &[&str] =
    &["IN", "EXISTS", "VALUES", "WHERE", "AND", "OR", "NOT", "KEY", "UNIQUE", "CHECK", "CAST", "FROM", "SELECT", "HAVING", "BY", "THEN", "ELSE", "WHEN", "SET"];
/// Types of casts and columns.
const TYPES: &[&str] = &["bigint", "text", "varchar", "bytea", "integer", "blob"];
/// Reserved in openGauss, PostgreSQL or SQLite: never a name of ours (R2).
const RESERVED: &[&str] = &[
    "reject",
    "verify",
    "modify",
    "performance",
    "procedure",
    "less",
    "minus",
    "buckets",
    "excluded",
    "compact",
    "authid",
    "nocycle",
    "recyclebin",
    "timecapsule",
    "rownum",
    "sysdate",
    "order",
    "user",
    "group",
    "limit",
    "end",
    "check",
    "desc",
    "left",
    "right",
    "window",
    "with",
    "offset",
    "index",
    "set",
    "values",
    "transaction",
    "union",
    "date",
    "timestamp",
    "time",
    "interval",
    "level",
    "connect",
    "prior",
    "start",
    "table",
    "column",
    "grant",
    "primary",
    "references",
    "default",
    "all",
    "any",
    "analyze",
    "both",
    "case",
    "cast",
    "collate",
    "do",
    "else",
    "false",
    "true",
    "for",
    "foreign",
    "from",
    "in",
    "into",
    "is",
    "like",
    "not",
    "null",
    "on",
    "only",
    "or",
    "select",
    "session_user",
    "some",
    "then",
    "to",
    "unique",
    "using",
    "when",
    "where",
    "and",
    "as",
    "asc",
    "between",
    "by",
    "exists",
    "glob",
    "having",
    "if",
    "insert",
    "join",
    "update",
    "delete",
    "trigger",
    "view",
    "rows",
    "groups",
];
/// Tables whose rows have versions (R7).
const VERSIONED: &[&str] = &["payment", "settlement", "refund", "invoice", "record"];

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Keyword(String),
    Name(String),
    Param(u32),
    Number,
    Text(String),
    Sign(char),
}

fn tokens(sql: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = sql.chars().peekable();
    while let Some(c) = rest.next() {
        let mut run = |first: char, of: fn(char) -> bool| {
            let mut word = String::from(first);
            while let Some(next) = rest.next_if(|c| of(*c)) {
                word.push(next);
            }
            word
        };
        match c {
            ' ' | '\n' => {}
            'A'..='Z' => tokens.push(Token::Keyword(run(c, |c| c.is_ascii_uppercase() || c == '_'))),
            'a'..='z' => tokens.push(Token::Name(run(c, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'))),
            '0'..='9' => {
                run(c, |c| c.is_ascii_digit());
                tokens.push(Token::Number);
            }
            '$' => tokens.push(Token::Param(run('0', |c| c.is_ascii_digit()).parse().map_err(|_| "R1: a placeholder has no number")?)),
            '\'' => {
                let text: String = rest.by_ref().take_while(|c| *c != '\'').collect();
                tokens.push(Token::Text(text));
            }
            '(' | ')' | ',' | '=' | '<' | '>' | '+' | '-' | '*' | '.' => tokens.push(Token::Sign(c)),
            other => return Err(format!("R2/R3/R5: '{other}' is not in the subset")),
        }
    }
    Ok(tokens)
}

/// Checks one DML statement.
pub(crate) fn statement(sql: &str) -> Result<(), String> {
    let tokens = tokens(sql)?;
    words(&tokens)?;
    placeholders(&tokens)?;
    literals(&tokens)?;
    shape(sql, &tokens)
}

/// Checks one DDL statement, rendered for an engine.
pub(crate) fn ddl(sql: &str) -> Result<(), String> {
    let sql = sql.strip_suffix(" strict").unwrap_or(sql);
    let tokens = tokens(sql)?;
    words(&tokens)?;
    literals(&tokens)?;
    if tokens.iter().any(|t| matches!(t, Token::Param(_))) { Err("DDL has no placeholders".to_owned()) } else { Ok(()) }
}

fn words(tokens: &[Token]) -> Result<(), String> {
    for (n, token) in tokens.iter().enumerate() {
        let before_paren = tokens.get(n + 1) == Some(&Token::Sign('('));
        let after = |keyword: &str| n > 0 && tokens[n - 1] == Token::Keyword(keyword.to_owned());
        match token {
            Token::Keyword(word) if FUNCTIONS.contains(&word.as_str()) && before_paren => {}
            Token::Keyword(word) if !KEYWORDS.contains(&word.as_str()) => return Err(format!("R3/R4/R6: {word} is not in the subset")),
            Token::Keyword(word) if before_paren && !BEFORE_PAREN.contains(&word.as_str()) => return Err(format!("R4: {word}( is not in the subset")),
            Token::Keyword(word) if word == "SELECT" && n > 0 && tokens[n - 1] == Token::Sign('(') && !sub_select(tokens, n) => {
                return Err("R3: a sub-select only behind EXISTS or FROM".to_owned());
            }
            Token::Name(name) if RESERVED.contains(&name.as_str()) => return Err(format!("R2: {name} is reserved in one of the engines")),
            // A table or index with its columns, or a type with its length; never a function.
            Token::Name(name) if before_paren && !(after("INTO") || after("TABLE") || after("EXISTS") || on_table(tokens, n) || name == "varchar") => {
                return Err(format!("R4: {name}( is no function of the subset"));
            }
            Token::Sign('*') => return Err("R3: columns are named".to_owned()),
            _ => {}
        }
    }
    Ok(())
}

fn sub_select(tokens: &[Token], select: usize) -> bool {
    select >= 2 && matches!(&tokens[select - 2], Token::Keyword(word) if word == "EXISTS" || word == "FROM")
}

fn on_table(tokens: &[Token], name: usize) -> bool {
    name > 0 && tokens[name - 1] == Token::Keyword("ON".to_owned())
}

fn placeholders(tokens: &[Token]) -> Result<(), String> {
    let mut seen = 0;
    for token in tokens {
        if let Token::Param(n) = token {
            if *n == 0 || *n > seen + 1 {
                return Err(format!("R1: ${n} appears before ${}", seen + 1));
            }
            seen = seen.max(*n);
        }
    }
    Ok(())
}

fn literals(tokens: &[Token]) -> Result<(), String> {
    for token in tokens {
        if let Token::Text(text) = token {
            if text.is_empty() {
                return Err("an empty text is NULL in some databases".to_owned());
            }
            if text.contains('$') || !text.chars().all(|c| c.is_ascii_lowercase()) {
                return Err(format!("R1/R6: the literal '{text}' is not a plain code"));
            }
        }
    }
    Ok(())
}

fn shape(sql: &str, tokens: &[Token]) -> Result<(), String> {
    let has = |keyword: &str| tokens.contains(&Token::Keyword(keyword.to_owned()));
    let Some(Token::Keyword(verb)) = tokens.first() else { return Err("R3: a statement begins with a keyword".to_owned()) };
    if !["SELECT", "INSERT", "UPDATE", "DELETE"].contains(&verb.as_str()) {
        return Err(format!("R3: {verb} is no statement of the subset"));
    }
    if has("LIMIT") && !has("ORDER") {
        return Err("R8: LIMIT without ORDER BY".to_owned());
    }
    if ["UPDATE", "DELETE"].contains(&verb.as_str()) && !has("WHERE") {
        return Err("R7: every row of a table".to_owned());
    }
    if verb == "INSERT" && has("SELECT") {
        casts(sql)?;
    }
    if let (true, Some(Token::Name(table))) = (verb == "UPDATE", tokens.get(1)) {
        let guards = sql.split_once(" WHERE ").map_or("", |(_, guards)| guards);
        if VERSIONED.contains(&table.as_str()) && !guards.contains(" ver = $") {
            return Err(format!("R7: an update of {table} does not name the version it replaces"));
        }
        if table == "job" && !["lease", "avail_ms", "due_ms"].iter().any(|guard| guards.contains(guard)) {
            return Err("R7: an update of job does not name the state it expects".to_owned());
        }
    }
    Ok(())
}

/// Parameters of a selected list have no type unless they are cast.
fn casts(sql: &str) -> Result<(), String> {
    let list = sql.split_once("SELECT ").and_then(|(_, rest)| rest.split_once(" WHERE ")).map_or("", |(list, _)| list);
    let bare: BTreeSet<&str> =
        list.split(", ").filter(|item| item.contains('$') && !(item.starts_with("CAST($") && TYPES.iter().any(|ty| item.ends_with(&format!(" AS {ty})"))))).collect();
    if bare.is_empty() { Ok(()) } else { Err(format!("a selected parameter without CAST: {bare:?}")) }
}
