"""The page around the report's tables and pictures."""

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Portfolio Twin: training report</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; color: #1f2933; max-width: 70rem; margin: 2.5rem auto;
         padding: 0 1.5rem; }
  h1 { font-size: 1.5rem; margin-bottom: .5rem; } h2 { font-size: 1.1rem; margin: 2.2rem 0 .6rem; }
  .verdict { font-size: 1.15rem; border-left: 4px solid #2563eb; padding: .6rem 1rem; background: #f1f5fd; }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; color: #52606d; } dd { margin: 0; }
  table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .95rem; margin-top: .6rem; }
  th, td { padding: .35rem .7rem; text-align: right; border-bottom: 1px solid #e4e7eb; white-space: nowrap; }
  th { font-weight: 600; } th:first-child { text-align: left; } td.best { font-weight: 700; color: #2563eb; }
  tr.group th { padding-top: 1rem; color: #52606d; } td.few { color: #7b8794; text-align: center; }
  .pictures { display: grid; grid-template-columns: 1fr 1fr; gap: 1.5rem; margin-top: 2rem; }
  figure { margin: 1.2rem 0 0; } figure.wide { grid-column: 1 / -1; } img { max-width: 100%; }
  figcaption { color: #7b8794; font-size: .9rem; } .note { color: #7b8794; font-size: .9rem; }
</style>
<h1>Portfolio Twin: training report</h1>
<p class="verdict">$verdict</p>
<dl>$facts</dl>
$ranking
$classification
$slices
<h2>How to read this</h2>
<dl class="note">
<dt>Test target</dt><dd>the last distinct deal or like of each investor who has three or more. History: what that
investor did strictly before it.</dd>
<dt>HR@10</dt><dd>the share of investors whose target is among the first ten of the whole list. NDCG@10 also counts how
far up. Best rival: the NDCG@10 of popularity or content kNN, whichever is higher there.</dd>
<dt>[95 %]</dt><dd>where the figure would lie if other investors like these had been tested: a bootstrap over
investors.</dd>
<dt>As if new</dt><dd>the same test investors, but the twin is told only the last 0, 1 or 2 properties of each. What
they did before was part of the training; the twin learns no vector per investor, so the shortened history alone
speaks for them. The quality benchmark holds whole investors out.</dd>
<dt>Nobody had dealt with</dt><dd>the target had no interaction in what the twin was trained on.</dd>
<dt>Like, unlike</dt><dd>the targets cut in halves by their place in the list by nearness to the history.</dd>
<dt>Would they act?</dt><dd>pairs: each target, and a property drawn at random that the investor never touched.</dd>
<dt>ECE</dt><dd>the mean gap between affinity and what happened. By chance: what exactly right probabilities would show
in one test of twenty on as many pairs; an ECE below that is no evidence of a fault.</dd>
</dl>
<div class="pictures">$pictures</div>
</html>
"""
