/// How a page looks: on screens by day and night, on telephones, on paper.
enum ReportStyle {
    static let text = screen + plots + paper

    private static let screen = """
        :root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--ink:#17202b;--soft:#5a6675;\
        --line:#dde2e8;--mark:#2459a8;--good:#12703f;--goodback:#e2f4ea;--bad:#b3261e;\
        --badback:#fde8e6;--open:#8a5a00;--openback:#fdf1d8}
        @media (prefers-color-scheme:dark){:root{--page:#11161c;--card:#1a2129;--ink:#e6ebf0;\
        --soft:#9aa7b5;--line:#2f3944;--mark:#7fb0f5;--good:#6fd3a0;--goodback:#12352a;\
        --bad:#ff9d94;--badback:#431d1b;--open:#f0c063;--openback:#3c2f12}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--page);color:var(--ink);\
        font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
        main{max-width:60rem;margin:0 auto;padding:2rem 1.25rem 4rem}
        h1{font-size:1.7rem;line-height:1.2;margin:0 0 .5rem}
        h2{font-size:1.1rem;margin:0 0 .9rem}
        h3{font-size:.95rem;margin:1.2rem 0 .4rem}
        p{margin:.4rem 0}
        .soft{color:var(--soft)}
        header{margin-bottom:1.5rem}
        .verdict{display:flex;flex-wrap:wrap;gap:.75rem;align-items:center}
        .badge{display:inline-block;white-space:nowrap;font-size:.85rem;font-weight:600;\
        padding:.1rem .6rem;border-radius:1rem}
        .verdict .badge{font-size:1rem;padding:.25rem .9rem}
        .good{color:var(--good);background:var(--goodback)}
        .bad{color:var(--bad);background:var(--badback)}
        .open{color:var(--open);background:var(--openback)}
        section{background:var(--card);border:1px solid var(--line);border-radius:.6rem;\
        padding:1.1rem 1.25rem;margin:0 0 1.1rem}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:1.1rem;\
        margin:0 0 1.1rem}
        .tiles>div{background:var(--card);border:1px solid var(--line);border-radius:.6rem;\
        padding:.9rem 1.1rem}
        .tiles b{display:block;font-size:1.5rem;line-height:1.3;font-weight:650}
        .tiles .name{color:var(--soft);font-size:.9rem}
        .tiles .more{color:var(--soft);font-size:.85rem}
        .wide{overflow-x:auto}
        table{border-collapse:collapse;width:100%;font-size:.92rem}
        th{text-align:left;color:var(--soft);font-weight:600}
        th,td{padding:.4rem 1.2rem .4rem 0;border-bottom:1px solid var(--line);vertical-align:top}
        tr:last-child td{border-bottom:0}
        .number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
        td:last-child,th:last-child{padding-right:0}
        td:last-child{overflow-wrap:anywhere}
        .line{white-space:nowrap}
        dl{margin:0}
        dl>div{display:grid;grid-template-columns:11rem 1fr;gap:.2rem 1rem;padding:.3rem 0}
        dt{color:var(--soft)}
        dd{margin:0;overflow-wrap:anywhere}
        code{font:.85em/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;\
        overflow-wrap:anywhere}
        ul{margin:.3rem 0;padding-left:1.2rem}
        li{overflow-wrap:anywhere}
        .sign{display:grid;grid-template-columns:2fr 2fr 1fr;gap:.4rem 1.5rem}
        .sign i{display:block;padding-top:2.2rem;border-bottom:1px solid var(--soft)}
        .sign p{margin:.2rem 0 0;font-size:.85rem;color:var(--soft)}
        @media (max-width:34rem){main{padding:1.25rem .8rem 3rem}h1{font-size:1.4rem}\
        section{padding:.9rem}dl>div{grid-template-columns:1fr;gap:0}\
        .tiles{grid-template-columns:1fr 1fr;gap:.7rem}.tiles>div{padding:.7rem .8rem}\
        .tiles b{font-size:1.2rem}th,td{padding-right:.7rem}td .meter{display:none}\
        .stack thead{display:none}.stack tr{display:grid;grid-template-columns:1fr auto;gap:.1rem .7rem;\
        padding:.45rem 0;border-bottom:1px solid var(--line)}.stack tr:last-child{border:0}\
        .stack td{border:0;padding:0}.stack td:first-child{order:-2}.stack td:last-child{order:-1}\
        .stack .number{text-align:left}.stack td[data-name]::before{content:attr(data-name) " ";\
        color:var(--soft)}}

        """

    private static let plots = """
        .steps{display:grid;grid-template-columns:max-content 1fr max-content;gap:.35rem .9rem;\
        align-items:center;font-size:.92rem}
        .steps .track{position:relative;height:1rem;background:var(--page);border-radius:.2rem}
        .steps .track i{position:absolute;top:0;bottom:0;min-width:3px;background:var(--mark);\
        border-radius:.2rem}
        .meter{display:inline-block;vertical-align:middle;width:7rem;height:.6rem;\
        background:var(--page);border:1px solid var(--line);border-radius:.3rem;overflow:hidden}
        .meter i{display:block;height:100%;background:var(--good)}
        .meter.part i{background:var(--bad)}
        .meter.some i{background:var(--open)}
        .plot{padding-right:6px;display:grid;grid-template-columns:max-content 1fr;gap:.2rem .6rem;font-size:.8rem;\
        color:var(--soft)}
        .plot .scale{display:flex;flex-direction:column;justify-content:space-between;\
        text-align:right;height:calc(9rem + 1em);margin:-.5em 0;line-height:1;white-space:nowrap}
        .plot .dates{grid-column:2;white-space:nowrap;display:flex;justify-content:space-between}
        .plot svg{display:block;width:100%;height:9rem;overflow:visible}
        .plot line,.plot polyline,.plot path{fill:none;vector-effect:non-scaling-stroke}
        .grid{stroke:var(--line);stroke-width:1}
        .curve{stroke:var(--mark);stroke-width:2;stroke-linejoin:round}
        .limit{stroke:var(--open);stroke-width:1.5;stroke-dasharray:6 4}
        .dot{stroke:var(--mark);stroke-width:8;stroke-linecap:round}
        .dot.missed{stroke:var(--bad)}
        .plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(14rem,1fr));gap:1.2rem 2rem}
        .plots h3{margin:0 0 1rem}
        .small{margin:.9rem 0 .4rem}.small svg{height:5rem}.small .scale{height:calc(5rem + 1em)}
        .key{font-size:.82rem;color:var(--soft);margin-top:.3rem}

        """

    private static let paper = """
        @page{size:A4;margin:16mm 15mm}
        @media print{:root{color-scheme:light;--page:#fff;--card:#fff;--ink:#000;--soft:#444;\
        --line:#bbb;--mark:#2459a8;--good:#0b5a31;--goodback:#fff;--bad:#a01810;--badback:#fff;\
        --open:#6d4700;--openback:#fff}
        body{font-size:10pt}main{max-width:none;padding:0 1px}
        *{-webkit-print-color-adjust:exact;print-color-adjust:exact}
        section,.tiles>div,.whole{border-radius:0;break-inside:avoid}
        section.long{break-inside:auto}tr{break-inside:avoid}h2{break-after:avoid}
        section{border:0;border-top:1px solid var(--line);padding:.8rem 0;margin:0}
        .tiles{grid-template-columns:repeat(4,1fr);gap:.6rem}.tiles b{font-size:1.2rem}
        .plots{grid-template-columns:repeat(3,1fr);gap:1rem}.pair{grid-template-columns:repeat(2,1fr)}
        .badge{border:1px solid currentColor}.wide{overflow:visible}
        .steps .track,.meter{border:1px solid var(--line)}}

        """
}
