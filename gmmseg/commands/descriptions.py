"""The descriptions of all commands, as their help shows them."""

OVERVIEW = """\
Image segmentation with Gaussian mixtures.

  gmmseg                       open the window
  gmmseg photo.jpg             open the window on a photo
  gmmseg help COMMAND          what a command does and its options

Exit codes: 0 done, 1 refused (one line on standard error says why), 2 wrong usage; 130, 143 or
129 interrupted by Ctrl-C, SIGTERM or SIGHUP.
"""
SEGMENT = """\
Fit a Gaussian mixture to an image and write its label map: class ids from 1, 0 where there is no data.
With --by region each region of a hierarchy gets the class with the largest sum of its pixels' posteriors.
With --method regions the classes are those connected regions themselves.

  gmmseg segment photo.jpg -k 4 -o mask.png
  gmmseg segment photo.jpg -k auto --features lab+position -o mask.png --overlay overlay.png
  gmmseg segment photo.jpg -k 5 --by region --detail 0.4 -o mask.png
  gmmseg segment photo.jpg --hints strokes.json -o mask.png --model taught.json
  gmmseg segment photo.jpg --method regions --regions 12 -o regions.png --table regions.csv
  gmmseg segment photos/ -o masks/ --jobs 2 --areas areas.csv --contact-sheet sheet.html
  gmmseg segment 'photos/*.jpg' -o masks/ --joint
  gmmseg segment photos/ -o masks/ --resume

A picture beyond memory (tiled TIFF, OME-Zarr, PNG, baseline JPEG), and any picture where OUT ends in .zarr,
is worked on in tiles: the fit is that of all pixels, and OUT a label image with a pyramid, OME-Zarr or tiled
TIFF.

  gmmseg segment slide.tif --jobs 2 -o slide.zarr
  gmmseg segment slide.tif --by region -o slide.zarr --probabilities heat.zarr

Regions are then those of fields of 2,048 x 2,048 pixels with 256 more around them.

Of several images, or of a folder, OUT is a folder (made if missing) that gets one STEM.png for each image;
equal stems get _2, _3, … . The same holds for an OUT that is an existing folder or ends in /.
--probabilities, --overlay, --model, --table and --report then are folders as well, each one with files of its
own; for a single image they may also be files. An image that cannot be read is reported and left out; the
exit code is then 1. What is done is kept in OUT/.gmmseg-batch.jsonl: --resume goes by that and leaves as they
are images whose files are there, made of the same image with the same settings.

Existing files are replaced, each in one step, so that whatever happens the old or the new one is there; they
keep their permissions, but not set-user-id, and other hard links to them keep the old content. Only root can
keep another owner. With --no-clobber an image is left out, and named, where one of its files exists.

- as IMAGE is standard input, and as OUT standard output, a PNG or what --format says:

  curl https://example.org/photo.jpg | gmmseg segment - -o - > mask.png
"""
APPLY = """\
Label images with a saved model, without fitting. An image that the model was fitted on gets exactly the label
map that it got then. Several images and folders are treated as by “segment”.

  gmmseg apply model.json other.jpg -o mask.png
  gmmseg apply model.json series/ --adapt 1000 -o masks/
  gmmseg apply model.json dusk.jpg --adapt 1000 -o mask.png --model dusk.json

With --adapt the mixture first moves towards each picture (MAP adaptation after Reynolds, Quatieri and Dunn
2000), as when light changes over a series: its classes stay what they are. --model then writes the adapted
mixture.

A picture beyond memory, and any picture where OUT ends in .zarr, is worked on in tiles, as by “segment”:

  gmmseg apply model.json slide.tif --jobs 2 -o slide.zarr
"""
SELECT = """\
Cut out one object by clicks and a box, in pixels from 0, 0 at the top left: as in the window. Clicks count in
the order given: those with + (or nothing) are on the object, those with - outside it.

  gmmseg select photo.jpg --click 120,80 -o mask.png
  gmmseg select photo.jpg --click 120,80 --click 300,200,- --cutout horse.png -o mask.png
  gmmseg select photo.jpg --box 40,30,260,220 -o mask.tif
  gmmseg select --boxes boxes.csv -o masks/

A mask holds 255 in the object and 0 outside; a .npy holds booleans. Existing files are overwritten.
"""
FIT = """\
Fit a Gaussian mixture to the rows of a table: CSV or TSV text, with or without a line of names, or an .npy or
.npz array. Columns without names are x1, x2, ….

  gmmseg fit flowers.csv -k 3 --columns length,width -o clusters.csv
  gmmseg fit speech.npy -k 32 --covariance diag --standardise -o frames.npz --model speaker.json

OUT .csv gets all columns of the table, fitted or not, and as the last one component: the most probable one of
each row, counted from 1, the largest first. Existing files are overwritten.
"""
FRAMES = """\
Tell what is in front of the background in a multi-page TIFF, an animated GIF, PNG or WEBP, or a folder of
frames in the order of their names: FOLDER gets a mask for each, 255 in front and 0 behind. A mixture of few
Gaussians at each pixel follows the background as it changes (Zivkovic 2004, Lee 2005). All of the first frame
is in front: nothing is known of it yet.

  gmmseg frames street.tif -o masks/
  gmmseg frames shots/ --rate 0.01 --threshold 3 -o masks/

Masks are called after the stack and the frame's number, or after each file of a folder. Existing ones are
overwritten.
"""
COMPLETION = """\
Print a script that completes commands, options and their values, for bash, zsh or fish.

  gmmseg completion bash > ~/.local/share/bash-completion/completions/gmmseg
  gmmseg completion zsh > ~/.zfunc/_gmmseg
  gmmseg completion fish > ~/.config/fish/completions/gmmseg.fish
"""
DESKTOP = """\
Install an entry in the menus of a Linux desktop, the program's icon, and the type of its project files, so
that these open by a double click: for this user alone, in $XDG_DATA_HOME or ~/.local/share.
"""
EXPORT = """\
Write files of a project, the same as the window does: of its classes, its regions or its objects.

  gmmseg export work.gmmseg -o mask.png --report report.json
  gmmseg export work.gmmseg --subject objects --format cutout -o horse.png
  gmmseg export work.gmmseg --subject regions -o regions.tif --table regions.csv
"""
EXAMPLES = """\
Write small files to try the commands on: a photo and variants of it, folders, a mask of strokes, boxes, a
table, frames, a tiled picture, a measured one of 16 bits, digits.

  gmmseg examples examples
"""
DOCTOR = """\
Say which parts of the program work on this machine: the compiled E-step, the window with Qt's system
libraries, the packages of the extras. What is missing comes with how to get it. The exit code is 1 where the
window cannot be opened.
"""
SAMPLE = """\
Draw feature vectors from a saved mixture, in the units of the features: .npy holds a float64 array (N, D),
.csv a line of feature names and N lines of values. From a model of digits (mnist --model) draw digits: .png
holds a sheet of them, .npy the images as uint8 (N, height, width). The same seed draws the same.
"""
