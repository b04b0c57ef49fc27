#!/usr/bin/env python3
"""Writes the spreadsheets of the cases beside it, byte for byte the same each time."""

import os
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def archive(path, parts):
    path = os.path.join(HERE, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, text in parts:
            out.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), text)


def xlsx(path, formats, rows, more="", is_1904=False):
    """`formats` are codes, by the number that cells have as `s`, from 1; `rows` the XML of `sheetData`."""
    codes = "".join(
        f'<numFmt numFmtId="{164 + i}" formatCode="{c}"/>' for i, c in enumerate(formats)
    )
    styles = "".join(f'<xf numFmtId="{164 + i}"/>' for i in range(len(formats)))
    archive(
        path,
        [
            ("[Content_Types].xml", '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'),
            ("_rels/.rels", f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r0" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'),
            ("xl/workbook.xml", f'<workbook {MAIN} xmlns:r="{OFFICE}"><workbookPr date1904="{int(is_1904)}"/><sheets><sheet name="A" sheetId="1" r:id="r1"/></sheets></workbook>'),
            ("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'),
            ("xl/styles.xml", f'<styleSheet {MAIN}><numFmts>{codes}</numFmts><cellXfs><xf numFmtId="0"/>{styles}</cellXfs></styleSheet>'),
            ("xl/worksheets/sheet1.xml", f"<worksheet {MAIN}><sheetData>{rows}</sheetData>{more}</worksheet>"),
        ],
    )


def text(cell, words):
    return f'<c r="{cell}" t="inlineStr"><is><t>{words}</t></is></c>'


def number(cell, value, style=0):
    return f'<c r="{cell}" s="{style}"><v>{value}</v></c>'


def row(at, *cells, hidden=False):
    mark = ' hidden="1"' if hidden else ""
    return f'<row r="{at}"{mark}>{"".join(cells)}</row>'


def heading(*names):
    return row(1, *(text(f"{chr(65 + i)}1", name) for i, name in enumerate(names)))


def numbers():
    formats = ["0.0%", "00000", '#,##0.00 "zł"', '0.00;[Red]\\-0.00;"free"', "0", "dd.mm.yyyy", "h:mm", "[h]:mm"]
    xlsx(
        "sheet-numbers/data.xlsx",
        [f.replace('"', "&quot;") for f in formats],
        heading("id", "part", "code", "price", "left", "card", "noise", "day", "at", "long")
        + row(2, text("A2", "a"), number("B2", 0.125, 1), number("C2", 42, 2), number("D2", 1234.5, 3), number("E2", 0, 4), number("F2", 4006381333931123), number("G2", 2.0000000000000004, 5), number("H2", 46359, 6), number("I2", 0.8125, 7), number("J2", 1.25, 8))
        + row(3, text("A3", "b"), number("B3", 1, 1), number("C3", 8001, 2), number("D3", 5, 3), number("E3", -2.5, 4), number("F3", 7), number("G3", 0.30000000000000004), number("H3", 46359.8125, 6), number("I3", 0, 7), number("J3", 0.5, 8)),
    )
    xlsx(
        "sheet-numbers/mac.xlsx",
        ["d/m/yy"],
        heading("id", "day") + row(2, text("A2", "a"), number("B2", 44897, 1)),
        is_1904=True,
    )


def formulas():
    head = heading("id", "price")
    xlsx(
        "sheet-formulas/data.xlsx",
        [],
        head
        + row(2, text("A2", "none"), '<c r="B2"><f>1+1</f></c>')
        + row(3, text("A3", "empty"), '<c r="B3"><f>1+1</f><v></v></c>')
        + row(4, text("A4", "text"), '<c r="B4" t="str"><f>IF(1,"")</f><v></v></c>')
        + row(5, text("A5", "kept"), '<c r="B5"><f>2*2</f><v>4</v></c>')
        + row(6, text("A6", "error"), '<c r="B6" t="e"><f>1/0</f><v>#DIV/0!</v></c>'),
    )
    space = "".join(
        f' xmlns:{p}="urn:oasis:names:tc:opendocument:xmlns:{p}:1.0"' for p in ("office", "table", "text")
    ) + ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'

    def cell(kind, value, shown, more=""):
        value = f' office:value="{value}"' if value else ""
        return f'<table:table-cell office:value-type="{kind}"{value}{more}><text:p>{shown}</text:p></table:table-cell>'

    def line(*cells, more=""):
        return f'<table:table-row{more}>{"".join(cells)}</table:table-row>'

    rows = (
        line(cell("string", "", "id"), cell("string", "", "price"))
        + line(cell("string", "", "a"), cell("percentage", "0.075", "7,5 %"))
        + line(cell("string", "", "b"), '<table:table-cell table:formula="of:=1+1"/>')
        + line(cell("string", "", "c"), cell("string", "", "Err:502", ' table:formula="of:=x" calcext:value-type="error"'))
        + line(cell("string", "", "d"), cell("currency", "3", "3,00 €"), more=' table:visibility="filter"')
        + line(cell("string", "", "e"), cell("float", "7", "007<office:annotation><text:p>a note</text:p></office:annotation>"))
    )
    archive(
        "sheet-formulas/data.ods",
        [
            ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
            ("content.xml", f'<office:document-content{space}><office:body><office:spreadsheet><table:table table:name="A">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'),
        ],
    )


def merged():
    xlsx(
        "sheet-merged/data.xlsx",
        [],
        heading("id", "kind", "dish")
        + row(2, text("A2", "a"), text("B2", "Soups"), text("C2", "Pea"))
        + row(3, text("A3", "b"), text("C3", "Leek"))
        + row(4, text("A4", "c"), text("B4", "Tarts"), text("C4", "Fig"), hidden=True)
        + row(5, text("A5", "d"), text("B5", "Tarts"), text("C5", "Plum")),
        more='<mergeCells count="1"><mergeCell ref="B2:B3"/></mergeCells>',
    )


def fractions():
    xlsx(
        "sheet-fractions/data.xlsx",
        ["# ?/?", "# ??/16", "0 ?/?&quot; in&quot;", "?/?"],
        heading("id", "flour", "board", "inches", "beat")
        + row(2, text("A2", "a"), number("B2", 1.75, 1), number("C2", 0.4375, 2), number("D2", 0.25, 3), number("E2", 0.75, 4))
        + row(3, text("A3", "b"), number("B3", 0.6666666666666666, 1), number("C3", 2, 2), number("D3", 3.5, 3), number("E3", 1.5, 4)),
    )


numbers()
formulas()
merged()
fractions()
