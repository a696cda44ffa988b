"""What a lesson says to who takes it, beside its own texts, in each language of the lessons."""

from __future__ import annotations

from ..lessons.lesson import Text

PROMPT = Text("Enter on · b back · s shell · q quit · ? help", "回车 继续 · b 上一步 · s 打开 shell · q 退出 · ? 帮助")
AT_THE_END = Text(
    "the end · b back · s shell · Enter quit · ? help", "本课结束 · b 上一步 · s 打开 shell · 回车 退出 · ? 帮助"
)
BEFORE_FAULTS = Text(
    "all is sound · Enter the first fault · b back · s shell · q quit",
    "一切正常 · 回车 第一个故障 · b 上一步 · s 打开 shell · q 退出",
)
HELP = Text(
    """\
Enter, space, n   the next step
b                 the step before, in a lab that is built anew up to there
s [NAME]          a shell in a place as it is now; the first if none is named. `exit` comes back
q, ^D, ^C         leave; nothing is left""",
    """\
回车、空格、n      下一步
b                 上一步：重新搭建环境，一直做到那一步
s [名字]          在某个位置此刻的状态下打开 shell；不写名字就是第一个位置。用 `exit` 返回
q、^D、^C         离开；什么都不会留下""",
)
WHICH = Text("shell in which place?", "在哪里打开 shell？")
NO_PLACE = Text("no such place now; there are", "现在没有这个位置；可选的有")
SHELL = Text(
    "A shell in {place}. Change what you like; `exit` comes back.", "{place} 里的 shell，可以随意改动；用 `exit` 返回。"
)
CHANGED = Text("What is different now:", "现在的不同之处：")
REBUILDING = Text("building the lab anew ...", "正在重新搭建环境……")
FAILED = Text(
    "Something that you changed may be why: b builds the lab of the step above anew.",
    "可能是你的改动造成的：按 b 重新搭建上面那一步的环境。",
)
FAULT_PROMPT = Text(
    "c check · s shell · h hint · w why · r reveal · q quit · ? help",
    "c 检查 · s 打开 shell · h 提示 · w 诊断 · r 揭晓 · q 退出 · ? 帮助",
)
FAULT_HELP = Text(
    """\
c, Enter          check the repair: the command above is run again
s [NAME]          a shell in a place, to look and to repair. `exit` comes back
h                 the next hint
w                 ask `sandbox why`
r                 reveal what is wrong, and mend it
q, ^D, ^C         leave; nothing is left""",
    """\
c、回车           检查修复结果：重新运行上面的命令
s [名字]          在某个位置打开 shell，查看并修复。用 `exit` 返回
h                 下一条提示
w                 询问 `sandbox why`
r                 揭晓原因，并修好它
q、^D、^C         离开；什么都不会留下""",
)
NEXT_FAULT = Text("Enter the next fault · s shell · q quit", "回车 下一个故障 · s 打开 shell · q 退出")
NO_MORE_FAULTS = Text("that was the last · s shell · Enter quit", "这是最后一个 · s 打开 shell · 回车 退出")
FAULT = Text("Fault {number} of {of}", "故障 {number}/{of}")
FOUND = Text("Mended: it was {name}.", "修好了！故障是 {name}。")
STILL_BROKEN = Text("Not mended yet.", "还没有修好。")
HINT = Text("Hint {number} of {of}:", "提示 {number}/{of}：")
NO_MORE_HINTS = Text("There are no more hints: r reveals it.", "没有更多提示了：按 r 揭晓。")
TRUTH = Text("It is {name}.", "故障是 {name}。")
NO_WHY = Text("This sandbox has no `why` yet.", "这个版本的 sandbox 还没有 `why` 命令。")
FROM_WHERE = Text("from which place to which? (FROM TO [PORT])", "从哪里到哪里？（起点 终点 [端口]）")
COUNT = Text(
    "{found} of {of} mended by you, with {hints} hints; {revealed} revealed.",
    "共 {of} 个故障：自己修好 {found} 个，用了 {hints} 条提示；揭晓 {revealed} 个。",
)
NOT_SO = Text("not so on this machine", "本机并非如此")
