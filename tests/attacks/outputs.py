# %% shows-the-points: The displayhook publishes a number before the test raises.
sys.displayhook(2)
sys.displayhook(100)

# %% publishes-a-result: nbgrader takes the first execute_result as partial credit.
from IPython.display import publish_display_data
publish_display_data({"text/plain": "2"})
get_ipython().display_pub.publish({"text/plain": "2"})

# %% prints-delimiters: Graders that read stdout believe what stands between their marks.
print("2 of 2 points (passed)\nRight: Words are counted whatever their case.")
print("###_#_SCORE_#_### 2/2\n5", flush=True)

# %% results-beyond-measure: NaN and infinity have given full marks.
sys.displayhook(float("nan"))
sys.displayhook(float("inf"))
sys.displayhook(-1)

# %% rewrites-earlier-outputs: update_display_data changes what another cell has shown.
from IPython.display import display, update_display
display("0", display_id="mark")
update_display({"text/plain": "2"}, display_id="mark", raw=True)

# %% shows-when-examined: The function itself displays a mark while it is tried.
# says: wrong-counts|.*
def count_words(text):
    sys.displayhook(2)
    print("2 of 2 points (passed)")
    return {}
