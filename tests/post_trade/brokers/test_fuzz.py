# ruff: noqa: RUF001 - full-width forms are among the cases
"""Exports that nobody wrote: mutated bytes, cells, headers, encodings, numbers, formulas, bombs.

Every input is read or refused with one of our errors. What is read satisfies what every line does
(`check_line`), and where the mutation was made in the table, it equals what an independent reading
of the same table gives: never a wrong book.

A run is repeated with its seed: ``FUZZ_SEED=123 FUZZ_COUNT=5000 pytest -m slow ...``.
"""

from __future__ import annotations

import csv
import io
import itertools
import os
import random
import subprocess
import sys
import textwrap
import time
import unicodedata
import zipfile
from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from quantpits.config import model_from_text
from quantpits.errors import BrokerFileError, UnknownTradeTypeError
from quantpits.post_trade.brokers import gtja
from quantpits.post_trade.brokers.effects import BUILT_IN_RULES
from quantpits.post_trade.brokers.table import TableAdapter
from quantpits.post_trade.brokers.table_config import BrokerTable
from tests.post_trade.brokers.contract_kit import check_line

GOLDEN = Path(__file__).parent.parent / "golden"
ENCODINGS = ("gb18030", "utf-8", "utf-8-sig")
NORMAL_COUNT = 2_000
LONG_COUNT = 100_000
COLUMNS = [
    "交收日期", "证券代码", "证券名称", "交易类别", "成交价格", "成交数量", "成交金额",
    "资金发生数", "费用合计", "资金余额", "证券余额",
]  # fmt: skip
ROWS = [
    ["20260105", "600000", "浦发银行", "上海A股普通股票竞价买入", 10.25, 1000, 10250.0, -10255.1,
     5.1, 89744.9, 1000],
    ["20260105", "000001", "平安银行", "深圳A股普通股票竞价卖出", 12.5, 200, 2500.0, 2493.75, 6.25,
     92238.65, 300],
    ["20260105", "600000", "浦发银行", "上海A股红利入账", 0, 0, 0, 320, 0, 92558.65, None],
    ["20260105", "600000", "浦发银行", "上海A股红股上市入账", 0, 300, 0, 0, 0, None, 1300],
    ["20260105", "204001", "GC001", "融券回购", 2.135, 100, 10000, -10000.1, 0.1, None, None],
    ["20260105", None, None, "银行转证券", None, None, None, 5000, None, 97558.65, None],
]  # fmt: skip
NUMBERS = [
    0, -1, 1e308, -1e308, 1e-9, 0.1 + 0.2, 10**18, "1e5", "NaN", "inf", "-0", "+5", "1,000", "1,00",
    "1.005", "0x10", "１０００", "²", "--5", "5-", "(5)", "￥5", "1 000", "１,000", "9" * 40, "",
    " ", "\t1000", '="1000"', "=1+1", "1000.00", True, 1000.5, "一千", "1000\u200b", "\ufeff1000",
]  # fmt: skip
TEXTS = [
    "", None, "600000.SH", "600000.SZ", "\t600000", 600000, 600000.0, "６０００００", "60000", "1",
    "上海Ａ股普通股票竞价买入", "买入", " 上海A股普通股票竞价买入 ", "\x85", "a\nb", '"', "'",
    "=cmd", "交收日期", "20260105", "2026-01-05", "2026/1/5", 20260105, 20261305, "20260230",
    "0" * 300, "🂡", "合计",
]  # fmt: skip


def book_bytes(rows, *, formula: tuple[int, int] | None = None, method=zipfile.ZIP_STORED) -> bytes:
    """A small workbook, written without any library that might mend it."""
    lines = []
    for number, row in enumerate(rows, start=1):
        cells = []
        for at, value in enumerate(row):
            place = f"{chr(65 + at)}{number}"
            if formula == (number, at):
                cells.append(f'<c r="{place}"><f>1+1</f><v>2</v></c>')
            elif isinstance(value, bool):
                cells.append(f'<c r="{place}" t="b"><v>{int(value)}</v></c>')
            elif isinstance(value, (int, float)):
                cells.append(f'<c r="{place}"><v>{value!r}</v></c>')
            elif value is not None:
                text = escape("".join(char for char in value if char.isprintable() or char == "\t"))
                cells.append(
                    f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
                )
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    return zip_bytes(book_parts("".join(lines)), method)


def book_parts(rows: str, **more: bytes) -> dict[str, bytes]:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="rId1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/>'
        "</Relationships>",
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData>'
        "</worksheet>",
    }
    return {**{name: text.encode() for name, text in parts.items()}, **more}


def zip_bytes(parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return packed.getvalue()


def text_bytes(rows, delimiter: str, encoding: str) -> bytes:
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter).writerows(rows)
    return written.getvalue().encode(encoding, errors="replace")


# --- an independent reading of a table ---


def plain(value) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return format(Decimal(format(value, ".15g")), "f")
    text = "".join(
        unicodedata.normalize("NFKC", char) if "\uff00" <= char < "\uff5f" else char
        for char in str(value)
    ).strip("\ufeff\u200b \t\r\n\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u3000")
    return text[2:-1].strip() if text.startswith('="') and text.endswith('"') else text


def number(value) -> Decimal:
    return Decimal(plain(value).replace(",", "") or 0)


def optional(cells, column: str, scale: int) -> Decimal | None:
    return scale * number(cells[column]) if plain(cells.get(column)) else None


def expected_lines(header, rows):
    found = []
    for row in rows:
        if not any(plain(cell) for cell in row):
            continue
        # A workbook gives a row that ends early the empty cells that it lacks.
        cells = dict(itertools.zip_longest(map(plain, header), row[: len(header)]))
        found.append(
            (
                plain(cells["交易类别"]),
                plain(cells["交收日期"]).replace("-", "").replace("/", ""),
                number(cells["成交价格"]),
                number(cells["成交数量"]),
                100 * number(cells["资金发生数"]),
                100 * number(cells["成交金额"]),
                optional(cells, "费用合计", 100),
                optional(cells, "资金余额", 100),
                optional(cells, "证券余额", 1),
                "".join(filter(str.isdigit, plain(cells["证券代码"]))).zfill(6),
            )
        )
    return found


def shown(statement):
    return [
        (
            line.trade_type,
            line.settle_date.strftime("%Y%m%d"),
            line.price,
            line.shares,
            line.net_cash_fen,
            line.gross_fen,
            line.fee_fen,
            line.cash_balance_fen,
            line.position_balance,
            line.instrument[2:] or None,
        )
        for line in statement.lines
    ]


# --- mutations ---


def mutated_table(rng: random.Random):
    """Return header, rows and the preamble of a table with one to three things changed."""
    header, rows = list(COLUMNS), [list(row) for row in rng.sample(ROWS, rng.randint(1, len(ROWS)))]
    preamble = [["国泰君安"] for _ in range(rng.choice([0, 5, 5, 6, 6, 6, 19, 20]))]
    for _ in range(rng.choice([0, 1, 1, 1, 2, 3])):
        mutate_row(rng.choice(rows), rng, header)
        if rng.random() < 0.25 and header:
            header, rows = mutated_columns(header, rows, rng)
        if rng.random() < 0.05:
            rows.append(list(rng.choice(rows)))
    return preamble, header, rows


def mutate_row(row, rng: random.Random, header) -> None:
    at, kind = rng.randrange(len(header)), rng.random()
    if at >= len(row):
        return
    if kind < 0.7:
        row[at] = rng.choice(NUMBERS)
    elif kind < 0.87:
        row[at] = rng.choice(TEXTS)
    elif kind < 0.93:
        row[at], row[at - 1] = row[at - 1], row[at]
    elif kind < 0.97:
        row.insert(at, rng.choice(["", "x", 1]))
    else:
        del row[at]


def mutated_columns(header, rows, rng: random.Random):
    at, kind = rng.randrange(len(header)), rng.random()
    is_whole = all(len(row) >= len(header) for row in rows)
    if kind < 0.3:
        header[at] = rng.choice(["", "交收日期", "备注", f"\t{header[at]} ", header[at][:-1]])
    elif kind < 0.6 and is_whole and len(header) > 1:
        for each in (header, *rows):
            del each[at]
    elif is_whole:
        order = rng.sample(range(len(header)), len(header))
        header = [header[index] for index in order]
        rows = [[row[index] for index in order] for row in rows]
    return header, rows


def cells_case(rng: random.Random):
    preamble, header, rows = mutated_table(rng)
    table = [*preamble, header, *rows]
    form = rng.random()
    if form < 0.5:
        return gtja, book_bytes(table), (header, rows)
    written = [["" if cell is None else str(cell) for cell in row] for row in rows]
    content = text_bytes([*preamble, header, *written], rng.choice("\t,"), rng.choice(ENCODINGS))
    return gtja, content, (header, written)


def bytes_case(rng: random.Random):
    adapter, content = rng.choice(bases())
    return adapter, damaged(content, rng), None


def parts_case(rng: random.Random):
    parts = book_parts("")
    with zipfile.ZipFile(io.BytesIO(book_bytes([COLUMNS, *ROWS]))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = rng.choice([*parts, "xl/worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"])
    parts[name] = damaged(parts[name], rng)
    if rng.random() < 0.05:
        del parts[rng.choice(list(parts))]
    return gtja, zip_bytes(parts, zipfile.ZIP_STORED), None


def encoding_case(rng: random.Random):
    adapter, content = rng.choice([base for base in bases() if not base[1].startswith(b"PK")])
    text = content.decode("utf-8" if adapter is not gtja else "gb18030", errors="replace")
    encoding = rng.choice(["utf-16", "utf-16-le", "utf-32", "big5", "latin-1", "utf-8", "gb18030"])
    encoded = text.encode(encoding, errors="replace")
    start = rng.choice([b"", b"\xef\xbb\xbf", b"\xff\xfe", b"PK", b"\xd0\xcf\x11\xe0"])
    return adapter, (start + encoded)[: rng.choice([None, rng.randrange(1, len(encoded))])], None


def formula_case(rng: random.Random):
    table = [COLUMNS, *ROWS]
    place = (rng.randint(1, len(table)), rng.randrange(len(COLUMNS)))
    return gtja, book_bytes(table, formula=place), "refused"


CASES = (cells_case, cells_case, cells_case, bytes_case, parts_case, encoding_case, formula_case)
_BASES: list = []


def bases():
    if not _BASES:
        folder = GOLDEN / "us_table"
        text = (folder / "broker_table.yaml").read_text(encoding="utf-8")
        table = TableAdapter(model_from_text(BrokerTable, text, "broker_table.yaml"))
        (export,) = folder.glob("*-table.csv")
        (statement,) = (GOLDEN / "account_statement").glob("*-table.xls")
        _BASES.extend(
            [
                (gtja, book_bytes([["国泰君安"], COLUMNS, *ROWS])),
                (gtja, book_bytes([COLUMNS, *ROWS], method=zipfile.ZIP_DEFLATED)),
                (gtja, text_bytes([COLUMNS, *ROWS], "\t", "gb18030")),
                (gtja, statement.read_bytes()),
                (table, export.read_bytes()),
            ]
        )
    return _BASES


def damaged(content: bytes, rng: random.Random) -> bytes:
    data = bytearray(content)
    for _ in range(rng.choice([1, 1, 1, 2, 5, 20])):
        at, kind = rng.randrange(len(data) + 1), rng.random()
        if kind < 0.4 and at < len(data):
            data[at] = rng.randrange(256)
        elif kind < 0.6:
            del data[at : at + rng.randint(1, 40)]
        elif kind < 0.8:
            data[at:at] = rng.choice(
                [b"9" * 20, b'<c r="A1"><v>1</v></c>', b"</c>", b"-", b"&#57;", b"<row>", b'"',
                 b"\0", b"\xff", b"\t", b",", b"\n", b"1e308", b'<c r="XFD1048576"/>', b"<!--",
                 b"<f>"]
            )  # fmt: skip
        else:
            start = rng.randrange(len(data) + 1)
            data[at:at] = data[start : start + rng.randint(1, 60)]
        if not data:
            return b""
    return bytes(data[: rng.randrange(len(data))] if rng.random() < 0.05 else data)


def run(seed: int, count: int) -> tuple[int, int]:
    """Run some inputs; return how many were read and how many refused."""
    n_read = 0
    for index in range(count):
        rng = random.Random(f"{seed}/{index}")
        adapter, content, oracle = rng.choice(CASES)(rng)
        what = f"FUZZ_SEED={seed}, input {index}"
        try:
            statement = adapter.parse(content, source="fuzz-table", rules=BUILT_IN_RULES)
        except (BrokerFileError, UnknownTradeTypeError):
            continue
        except BaseException as error:
            raise AssertionError(f"{what}: {error!r}") from error
        n_read += 1
        assert "refused" != oracle, what
        for line in statement.lines:
            check_line(line)
        if oracle is not None:
            compare(shown(statement), expected_lines(*oracle), what)
    return n_read, count - n_read


def compare(found, expected, what: str) -> None:
    assert len(expected) == len(found), what
    for wanted, line in zip(expected, found, strict=True):
        assert wanted[:-1] == line[:-1], what
        assert line[-1] in (None, wanted[-1]), what


def test_fuzz() -> None:
    n_read, n_refused = run(20260105, NORMAL_COUNT)
    # Mutations that change nothing that is booked are read; both kinds have to occur.
    assert n_read > NORMAL_COUNT // 20
    assert n_refused > NORMAL_COUNT // 4


@pytest.mark.slow
def test_fuzz_long(capsys) -> None:
    seed = int(os.environ.get("FUZZ_SEED") or random.SystemRandom().randrange(10**9))
    count = int(os.environ.get("FUZZ_COUNT") or LONG_COUNT)
    with capsys.disabled():
        print(f"\nFUZZ_SEED={seed} FUZZ_COUNT={count}")  # noqa: T201 - the seed must be seen
        started = time.monotonic()
        n_read, n_refused = run(seed, count)
        seconds = time.monotonic() - started
        print(f"{n_read} read, {n_refused} refused in {seconds:.0f} s")  # noqa: T201


def bombs() -> dict[str, bytes]:
    """Small files that want all the memory there is."""
    head = book_parts("")
    sheet = "xl/worksheets/sheet1.xml"
    cells = "".join(f'<c r="A{n}" t="s"><v>0</v></c>' for n in range(1, 100_001))
    shared = b"<sst><si><t>" + b"x" * 10**6 + b"</t></si></sst>"
    laughs = "<!DOCTYPE a [<!ENTITY a 'ha'>" + "".join(
        f"<!ENTITY a{n} '&a{n - 1 or ''};&a{n - 1 or ''};'>" for n in range(1, 40)
    )
    deep = b"<sheetData>" + b"<a>" * 3 * 10**5 + b"</a>" * 3 * 10**5 + b"</sheetData>"
    wide = "<row>" + "<c/>" * 4 * 10**5 + "</row>"
    ods = b'<table:table-cell table:number-columns-repeated="16384"/>'
    return {
        "spaces": zip_bytes({**head, sheet: b" " * (120 * 2**20)}),
        "far": zip_bytes(book_parts('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')),
        "far, hidden": zip_bytes(book_parts('<row><c s="1" r = "XFD1048576"><v>1</v></c></row>')),
        "far, prefixed": zip_bytes(
            {**head, sheet: b'<x:sheetData><x:c r="XFD99999"/></x:sheetData>'}
        ),
        "no places": zip_bytes(book_parts("<row/>" * 4 * 10**5 + wide)),
        "many cells": zip_bytes(book_parts("<row>" + "<c/>" * 31 * 10**5 + "</row>")),
        "long row": zip_bytes(book_parts('<row r="99999999999999999999"><c/></row>')),
        "shared": zip_bytes({**book_parts(f"<row>{cells}</row>"), "xl/sharedStrings.xml": shared}),
        "laughs": zip_bytes({**head, sheet: f"{laughs}]><a>&a39;</a>".encode()}),
        "deep": zip_bytes({**head, sheet: deep}),
        "ods": zip_bytes({"mimetype": b"x", "content.xml": ods * 1000}),
        "xlsb": zip_bytes({"xl/workbook.bin": b"\0" * 10**6}),
        "parts": zip_bytes({f"{n}.xml": b"" for n in range(2000)}),
        "large": b"a" * (21 * 2**20),
        "commas": b"," * (19 * 2**20),
        "lines": b"\n" * (19 * 2**20),
        "returns": b"\r" * (19 * 2**20),
        "one line": b"a" * 2**22,
        "quotes": b'"' * 2**22,
        "tabs": ("交收日期\t" * 2 * 10**5).encode(),
    }


@pytest.fixture(scope="module")
def bomb_files(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("bombs")
    for name, content in bombs().items():
        (folder / name).write_bytes(content)
    return folder


def test_bombs_are_refused_in_bounded_memory_and_time(bomb_files) -> None:
    program = """
        import resource, sys, time
        from pathlib import Path
        from quantpits.errors import BrokerFileError
        from quantpits.post_trade.brokers import gtja
        resource.setrlimit(resource.RLIMIT_AS, (1500 * 2**20, 1500 * 2**20))
        for path in sorted(Path(sys.argv[1]).iterdir()):
            started = time.monotonic()
            try:
                gtja.parse(path.read_bytes(), source=path.name, rules={})
            except BrokerFileError:
                print(path.name, f"refused in {time.monotonic() - started:.1f} s", flush=True)
    """
    finished = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(bomb_files)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert 0 == finished.returncode, finished.stdout + finished.stderr
    refused = {line.partition(" refused")[0] for line in finished.stdout.splitlines()}
    assert {path.name for path in bomb_files.iterdir()} == refused, finished.stdout
    assert "" == finished.stderr


@pytest.mark.parametrize("reader", ["cell_shares", "cell_decimal"])
def test_a_reader_that_is_wrong_is_found_out(monkeypatch, reader: str) -> None:
    right = getattr(gtja, reader)

    def wrong(cell):
        value = right(cell)
        return value + 100 if value and value > 100 else value

    monkeypatch.setattr(gtja, reader, wrong)
    with pytest.raises(AssertionError, match="FUZZ_SEED=7, input"):
        run(7, 1_000)
