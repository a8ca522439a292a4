//! The command line.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgGroup, Command, Error, value_parser};
use std::path::PathBuf;

use menjie::access::Role;

use crate::words::Words;

const TEMPLATE_EN: &str = "{about-with-newline}\nUsage: {usage}\n\n{all-args}{after-help}";
const TEMPLATE_ZH: &str = "{about-with-newline}\n用法：{usage}\n\n{all-args}{after-help}";

/// The whole command line in one language.
pub(crate) fn command(words: Words) -> Command {
    let t = |english, chinese| words.pick(english, chinese);
    let template = t(TEMPLATE_EN, TEMPLATE_ZH);
    let sub = |name: &'static str, about: &'static str| {
        Command::new(name).about(about).help_template(template).disable_help_flag(true).next_help_heading(t("Options", "选项")).arg(help(words))
    };
    let json = || Arg::new("json").long("json").action(ArgAction::SetTrue).help(t("Print JSON", "输出 JSON"));
    let file = |name: &'static str, help: &'static str| Arg::new(name).long(name).value_name("FILE").value_parser(value_parser!(PathBuf)).help(help);
    Command::new("menjie")
        .version(env!("CARGO_PKG_VERSION"))
        .about(t("menjie: outpatient settlement engine", "门结：门诊结算引擎"))
        .after_help(t(
            "Exit codes: 0 done; 1 refused by a rule, violations or problems found; 2 wrong usage or request; 3 failure.\nAnswers go to standard output, complaints to standard error.",
            "退出码：0 完成；1 被规则拒绝，或发现违规、问题；2 用法或请求有误；3 失败。\n结果写到标准输出，提示写到标准错误。",
        ))
        .help_template(template)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .subcommand_help_heading(t("Commands", "命令"))
        .subcommand_value_name(t("COMMAND", "命令"))
        .next_help_heading(t("Options", "选项"))
        .arg(help(words))
        .arg(
            Arg::new("lang")
                .long("lang")
                .value_name("LANGUAGE")
                .global(true)
                .value_parser(["zh", "en"])
                .hide_possible_values(true)
                .help(t("zh or en; otherwise by LC_ALL, LC_MESSAGES, LANG", "语言 zh 或 en；不写则按 LC_ALL、LC_MESSAGES、LANG")),
        )
        .arg(Arg::new("version").short('V').long("version").action(ArgAction::Version).help(t("Print the version", "显示版本")))
        .subcommand(
            sub("call", t("Run an operation; the request is read from standard input", "执行一个操作；请求从标准输入读取"))
                .arg(Arg::new("op").value_name("OP").required(true).help(t("Its name, see `menjie ops`", "操作名，见 `menjie ops`")))
                .arg(file("config", t("Run it on the store of this configuration", "用此配置的数据库执行")))
                .arg(Arg::new("server").long("server").value_name("URL").help(t("Run it on a server; a token is read from MENJIE_TOKEN", "在服务端执行；令牌取自环境变量 MENJIE_TOKEN")))
                .group(ArgGroup::new("where").args(["config", "server"]))
                .arg(Arg::new("hospital").long("hospital").value_name("ID").requires("config").help(t("Which hospital; may be left out when there is one", "医院编号；只有一家时可省略")))
                .arg(Arg::new("patient").long("patient").value_name("ID").requires("config").conflicts_with("staff").help(t("Call for this patient", "以该患者身份调用")))
                .arg(Arg::new("staff").long("staff").value_name("ID").requires("config").help(t("Call as this member of staff", "以该工作人员身份调用")))
                .arg(Arg::new("role").long("role").value_name("ROLE").action(ArgAction::Append).requires("staff").value_parser(Role::STAFF.map(Role::code)).help(t("His role; may be repeated", "其角色，可重复")))
                .arg(Arg::new("department").long("department").value_name("CODE").action(ArgAction::Append).requires("staff").help(t("A department he works for; may be repeated", "其所属科室，可重复"))),
        )
        .subcommand(
            sub("audit", t("Check the invariants over a store", "对数据库核对不变量"))
                .arg(file("db", t("The SQLite file; no other process may be using it", "SQLite 文件；不能有其他进程正在使用")).required(true))
                .arg(file("keys", t("Its key file", "密钥文件")).required(true))
                .arg(Arg::new("hospital").long("hospital").value_name("ID").required(true).help(t("Which hospital", "医院编号")))
                .arg(json()),
        )
        .subcommand(
            sub("doctor", t("Explain what is wrong with a configuration and this machine", "检查配置与本机环境，说明问题与处理办法"))
                .arg(file("config", t("The configuration", "配置文件")).required(true))
                .arg(Arg::new("offline").long("offline").action(ArgAction::SetTrue).help(t("Do not try to connect to anybody", "不尝试连接对方系统")))
                .arg(json()),
        )
        .subcommand(
            sub("ops", t("List the operations, or show one with its schemas", "列出操作，或显示某操作的请求与响应格式"))
                .arg(Arg::new("op").value_name("OP").help(t("Show this one", "操作名")))
                .arg(json()),
        )
        .subcommand(
            sub("keygen", t("Make a key file for sealed columns; never overwrites one", "生成加密列的密钥文件；不会覆盖已有文件"))
                .arg(Arg::new("file").value_name("FILE").required(true).value_parser(value_parser!(PathBuf)).help(t("Where to", "文件路径"))),
        )
        .subcommand(crate::group::command(words, &sub))
        .subcommand(crate::validate::command(words, &sub))
        .subcommand(crate::refund_check::command(words, &sub))
        .subcommand(crate::reconcile::command(words, &sub))
        .subcommand(crate::log::args::command(words, &sub))
        .subcommand(crate::acceptance::command(words, &sub))
        .subcommand(crate::completion::command(words, &sub))
}

/// What was typed in a wrong place may be a password or belong to a patient, and standard error may be kept: the complaint says what
/// is wrong and what is possible, and never repeats it.
pub(crate) fn without_values(mut error: Error) -> Error {
    // With other kinds of mistakes the last two name arguments and commands of ours.
    let typed = match error.kind() {
        ErrorKind::UnknownArgument => ContextKind::InvalidArg,
        ErrorKind::InvalidSubcommand => ContextKind::InvalidSubcommand,
        _ => ContextKind::InvalidValue,
    };
    if matches!(error.get(typed), Some(ContextValue::String(text)) if !text.is_empty() && !is_option(text)) {
        error.insert(typed, ContextValue::String("***".to_owned()));
    }
    // "To pass it as a value …"
    error.remove(ContextKind::Suggested);
    error
}

/// The shape of an option of ours, perhaps mistyped.
fn is_option(text: &str) -> bool {
    text.strip_prefix("--").is_some_and(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
}

fn help(words: Words) -> Arg {
    Arg::new("help").short('h').long("help").action(ArgAction::Help).help(words.pick("Print help", "显示帮助"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_have_the_same_arguments() {
        for words in [Words::Chinese, Words::English] {
            command(words).debug_assert();
        }
    }

    #[test]
    fn a_complaint_says_what_is_wrong_and_never_repeats_what_was_typed() {
        const CANARY: &str = "440599199003070058";
        for (typed, told) in [
            (vec![CANARY], "unrecognized subcommand '***'"),
            (vec!["call", "echo", CANARY], "unexpected argument '***'"),
            (vec!["call", "echo", "--patient-440599199003070058"], "unexpected argument '***'"),
            (vec!["call", "echo", "--patint", CANARY], "unexpected argument '--patint'"),
            (vec!["call", "echo", "--config", "c", "--staff", "S", "--role", CANARY], "invalid value '***' for '--role <ROLE>'\n  [possible values: doctor"),
            (vec!["doctor", "--config"], "a value is required for '--config <FILE>'"),
            (vec!["log", "search", "d", "-n", CANARY, CANARY], "unexpected argument '***'"),
            (vec!["log", "show", "d", CANARY, "--key", "k", "--stream", "s", "--output", CANARY], "invalid value '***' for '--output"),
        ] {
            let arguments = std::iter::once("menjie").chain(typed.iter().copied());
            let error = without_values(command(Words::English).try_get_matches_from(arguments).unwrap_err()).to_string();
            assert!(error.contains(told) && !error.contains(CANARY), "{typed:?}: {error}");
        }
    }

    #[test]
    fn help_is_in_one_language() {
        fn all(command: &mut Command) -> String {
            let mut text = command.render_help().to_string();
            command.get_subcommands_mut().for_each(|sub| text.push_str(&all(sub)));
            text
        }
        let help = |words| all(&mut command(words));
        let chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        assert!(chinese(&help(Words::Chinese)) && !help(Words::Chinese).contains("Usage:"));
        assert!(!chinese(&help(Words::English)));
    }
}
