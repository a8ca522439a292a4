//! The command line of `menjie log`.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, value_parser};
use menjie_bridge::sealed_log::TRANSFER_STREAM;
use menjie_bridge::sealed_log::view::Outcome;

use crate::words::Words;

/// The command, built with what `sub` gives every command of ours.
pub(crate) fn command(words: Words, sub: &dyn Fn(&'static str, &'static str) -> Command) -> Command {
    let t = |english, chinese| words.pick(english, chinese);
    let args = Args { words };
    sub("log", t("Read, verify and keep the sealed transfer log", "查看、校验与维护加密交易日志"))
        .after_help(t(
            "Exit codes: 0 done; 1 nothing found; 2 wrong usage; 3 a key or a file failed, or a part could not be read; 4 tampered or damaged; 5 only the very end is torn.\nPersonal data is masked. `--unmask` needs `--reason` and writes an access record first.\nA password is read from --password-file, from MENJIE_LOG_PASSWORD, or from the terminal.",
            "退出码：0 完成；1 没有找到；2 用法有误；3 密钥或文件有误，或有部分内容无法读取；4 日志被改动或损坏；5 仅末尾残缺。\n个人信息默认脱敏。`--unmask` 须附 `--reason`，并先写入一条查看记录。\n口令取自 --password-file、环境变量 MENJIE_LOG_PASSWORD，或在终端输入。",
        ))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .subcommand_help_heading(t("Commands", "命令"))
        .subcommand_value_name(t("COMMAND", "命令"))
        .subcommand(
            sub("keygen", t("Make an SM2 key: FILE, and FILE with .pub behind it", "生成 SM2 密钥：私钥写入 FILE，公钥写入 FILE.pub"))
                .arg(Arg::new("file").value_name("FILE").required(true).value_parser(value_parser!(PathBuf)).help(t("Where to; never overwritten", "私钥文件；不会覆盖已有文件")))
                .arg(args.password_file())
                .arg(flag("no-password", t("Not encrypted: for the writer, which starts when nobody is there", "不加密：供无人值守启动的写入方使用"))),
        )
        .subcommand(args.of_log(sub("list", t("List the segments; needs no key", "列出分段；不需要密钥"))).arg(args.json()))
        .subcommand(
            args.shown(args.keyed(sub("tail", t("Show the newest exchanges", "显示最新的交易"))))
                .arg(Arg::new("follow").short('f').long("follow").action(ArgAction::SetTrue).help(t("Go on as records come", "持续显示新记录")))
                .arg(args.lines("20")),
        )
        .subcommand(
            args.shown(args.keyed(sub("show", t("Show one exchange with its bodies", "显示一笔交易及其报文"))))
                .arg(Arg::new("seq").value_name("SEQ").required(true).value_parser(value_parser!(u64)).help(t("The number of one of its records", "其任一记录的序号"))),
        )
        .subcommand(args.filtered(args.shown(args.keyed(sub("search", t("Find exchanges", "查找交易"))))).arg(args.lines("200")))
        .subcommand(
            args.of_log(sub("verify", t("Verify that nothing was changed, taken out or put in", "校验日志未被改动、删减或插入")))
                .arg(args.file("writer", t("A writer's public key; may be repeated, former ones included", "写入方公钥，可重复；更换过的旧公钥也要给出")).required(true).action(ArgAction::Append))
                .arg(args.file("key", t("An auditor's key: frames are opened as well", "审计方私钥：同时解密校验每一帧")))
                .arg(args.password_file())
                .arg(args.file("anchor", t("A checkpoint of an earlier verification that must still be there; may be repeated", "以前校验时留下的检查点，必须仍在日志中；可重复")).action(ArgAction::Append))
                .arg(args.file("save-anchor", t("Write the last signed checkpoint here, and keep it elsewhere", "将最后一个已签名检查点写入此文件，请另行保存")))
                .arg(args.json()),
        )
        .subcommand(
            args.filtered(args.sighted(args.keyed(sub("export", t("Write exchanges to a file, with a signed digest beside it", "导出到文件，并附签名摘要")))))
                .arg(args.file("out", t("The file; never overwritten", "导出文件；不会覆盖已有文件")).required(true))
                .arg(Arg::new("format").long("format").value_name("FORMAT").value_parser(["csv", "jsonl"]).default_value("csv").hide_default_value(true).hide_possible_values(true).help(t("csv (unless said otherwise) or jsonl", "csv（默认）或 jsonl")))
                .arg(flag("bom", t("Begin with a byte order mark, for Excel", "文件以 BOM 开头，便于 Excel 识别"))),
        )
        .subcommand(
            args.recorded(args.keyed(sub("rewrap", t("Make old segments readable for another auditor", "使旧分段可由新的审计方读取"))))
                .arg(args.file("to", t("His public key", "新审计方的公钥")).required(true))
                .arg(args.json()),
        )
        .subcommand(args.keyed(sub("reindex", t("Make anew the indexes that are missing or damaged", "重建缺失或损坏的索引"))).arg(args.json()))
        .subcommand(args.filtered(args.keyed(sub("stats", t("Count exchanges by counterpart and interface", "按对方与接口统计"))).arg(args.json())))
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

/// Arguments that several commands have.
struct Args {
    words: Words,
}

impl Args {
    const fn t(&self, english: &'static str, chinese: &'static str) -> &'static str {
        self.words.pick(english, chinese)
    }

    fn file(&self, name: &'static str, help: &'static str) -> Arg {
        Arg::new(name).long(name).value_name("FILE").value_parser(value_parser!(PathBuf)).help(help)
    }

    fn value(&self, name: &'static str, value: &'static str, help: &'static str) -> Arg {
        Arg::new(name).long(name).value_name(value).help(help)
    }

    fn json(&self) -> Arg {
        flag("json", self.t("Print JSON", "输出 JSON"))
    }

    fn lines(&self, default: &'static str) -> Arg {
        self.value("lines", "N", self.t("At most so many; 0 for all", "最多显示几条；0 为全部"))
            .short('n')
            .value_parser(value_parser!(usize))
            .default_value(default)
            .hide_default_value(true)
    }

    fn password_file(&self) -> Arg {
        self.file("password-file", self.t("Read the key's password from this file", "从此文件读取私钥口令"))
    }

    fn of_log(&self, command: Command) -> Command {
        command
            .arg(Arg::new("dir").value_name("DIR").required(true).value_parser(value_parser!(PathBuf)).help(self.t("The log's directory", "日志目录")))
            .arg(self.value("stream", "NAME", self.t("Its stream (transfers)", "日志流名称（默认 transfers）")).default_value(TRANSFER_STREAM).hide_default_value(true))
    }

    fn keyed(&self, command: Command) -> Command {
        self.of_log(command).arg(self.file("key", self.t("The auditor's private key", "审计方私钥")).required(true)).arg(self.password_file())
    }

    fn recorded(&self, command: Command) -> Command {
        command
            .arg(self.value("reason", "TEXT", self.t("Why, e.g. a ticket number; stands in the access record", "事由，如工单号；写入查看记录")))
            .arg(self.file("access-log", self.t("Where access records are written (DIR/access)", "查看记录的目录（默认 DIR/access）")).value_name("DIR"))
            .arg(
                self.file("supervisor", self.t("The public key of somebody who may read the access records; may be repeated", "可阅读查看记录者的公钥，可重复"))
                    .action(ArgAction::Append),
            )
    }

    fn sighted(&self, command: Command) -> Command {
        self.recorded(command).arg(flag("unmask", self.t("Show everything as it was sent; needs --reason", "显示原文；须附 --reason")))
    }

    fn shown(&self, command: Command) -> Command {
        self.sighted(command).arg(
            self.value("output", "FORM", self.t("table, pretty, json, jsonl or csv", "table 表格、pretty 详情、json、jsonl 或 csv"))
                .short('o')
                .value_parser(["table", "pretty", "json", "jsonl", "csv"])
                .hide_possible_values(true),
        )
    }

    fn filtered(&self, command: Command) -> Command {
        command
            .arg(self.value("from", "TIME", self.t("Not before: 2026-06-01, 2026-06-01T08:00:00+08:00, 2h, today", "起始：2026-06-01、2026-06-01T08:00:00+08:00、2h、today")))
            .arg(self.value("to", "TIME", self.t("Not after; a date means its end", "截止；只写日期指当日结束")))
            .arg(self.value("order", "NO", self.t("The business number", "业务单号")))
            .arg(self.value("patient", "NO", self.t("The patient's number", "患者编号")))
            .arg(self.value("peer", "NAME", self.t("The counterpart, e.g. wechat, his", "对方系统，如 wechat、his")))
            .arg(self.value("interface", "NAME", self.t("The interface; NAME* for how it begins", "接口名；以 * 结尾表示前缀")))
            .arg(
                self.value("direction", "out|in", self.t("Who started it: out (we) or in (they)", "方向：out 本方发起、in 对方发起"))
                    .value_parser(["out", "in"])
                    .hide_possible_values(true),
            )
            .arg(
                self.value("result", "CODE", self.t("answered, unsent, unknown or in_doubt", "answered 有应答、unsent 未发出、unknown 结果未知、in_doubt 存疑"))
                    .value_parser(Outcome::ALL.map(Outcome::code))
                    .hide_possible_values(true),
            )
            .arg(self.value("hospital", "ID", self.t("Which hospital", "医院编号")))
            .arg(self.value("text", "WORDS", self.t("Words in request or answer; opens every record of the time", "报文中的文字；会逐条解密")))
    }
}
