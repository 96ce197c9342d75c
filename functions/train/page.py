"""The page around the report's tables and pictures."""

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Portfolio Twin: training report</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; color: #1f2933; max-width: 68rem; margin: 2.5rem auto;
         padding: 0 1.5rem; }
  h1 { font-size: 1.5rem; margin-bottom: .5rem; } h2 { font-size: 1.1rem; margin: 2.2rem 0 .6rem; }
  .verdict { font-size: 1.15rem; border-left: 4px solid #2563eb; padding: .6rem 1rem; background: #f1f5fd; }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; color: #52606d; } dd { margin: 0; }
  table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
  th, td { padding: .35rem .9rem; text-align: right; border-bottom: 1px solid #e4e7eb; }
  th { font-weight: 600; } th:first-child { text-align: left; } td.best { font-weight: 700; color: #2563eb; }
  .pictures { display: grid; grid-template-columns: 1fr 1fr; gap: 1.5rem; margin-top: 2rem; }
  figure { margin: 0; } figure.wide { grid-column: 1 / -1; } img { max-width: 100%; }
  figcaption { color: #7b8794; font-size: .9rem; } .note { color: #7b8794; font-size: .9rem; }
</style>
<h1>Portfolio Twin: training report</h1>
<p class="verdict">$verdict</p>
<dl>$facts</dl>
$ranking
$classification
<p class="note">Test targets: the last distinct deal or like of each investor who has three or more. History: what that
investor did strictly before it. Pairs: each target, and as many properties drawn at random that the investor never
touched. ECE: the mean gap between affinity and what happened.</p>
<div class="pictures">$pictures</div>
</html>
"""
