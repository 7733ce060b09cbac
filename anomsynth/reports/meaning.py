"""What the numbers of a report mean, for who reads one for the first time."""

MEANING = """<details class="meaning" open><summary>What the numbers mean</summary><dl>
<dt>score</dt><dd>0 to 1, the geometric mean of fidelity and utility. Measured from the picture and
its mask alone, whoever made them; below 0.5 <code>anomsynth score</code> leaves a sample out.</dd>
<dt>fidelity</dt><dd>Does it look photographed? Edges as sharp as the camera draws them, the photo's
noise and texture inside, no seam along the outline, no colours beyond the camera's.</dd>
<dt>utility</dt><dd>Can a detector learn from it? It is visible, lies on the part, is neither tiny
nor everywhere, and the mask covers what changed.</dd>
<dt>d'</dt><dd>How far a defect rises over the surface's own texture: below 1 nobody sees it, 2 is
hard to see, 8 is plain.</dd></dl>
<p>Each is put together from terms between 0 and 1 (1: as good as in real photos), listed beside an
enlarged picture; <code>anomsynth list terms</code> says what each one asks.</p></details>"""
